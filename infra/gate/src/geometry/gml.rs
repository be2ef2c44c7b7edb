//! GML 2 and 3.
