//! What of QGIS Server's answer reaches the client.
