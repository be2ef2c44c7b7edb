"""The QGIS Server plugin: QGIS calls serverClassFactory once, when it starts."""


def serverClassFactory(server_interface):  # noqa: N802 (QGIS names it)
    from .plugin import Plugin  # here, so that compare.py can be tested where there is no QGIS

    return Plugin(server_interface)
