"""Reads expressions as QGIS does: each input line is a JSON string, each output line a JSON object.

{"tree": …, "values": […]} is what QGIS's parser makes of the expression and what it evaluates to over a few features;
{"error": …} if it is no expression to QGIS.
"""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.PyQt.QtCore import QDate, QVariant
from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
)

GEOMETRIES = ("geom_from_wkt",)


def literal(value):
    """A literal with its type: 1 and 1.0 differ."""
    return [type(value).__name__, str(value)]


def call(node):
    """The function's own name, whatever alias was written."""
    name = QgsExpression.Functions()[node.fnIndex()].name()
    arguments = node.args().list() if node.args() else []
    if name in GEOMETRIES and type(arguments[0]).__name__ == "QgsExpressionNodeLiteral":
        # The gate rewrites the text of a geometry; only the geometry must stay the same.
        return [name, QgsGeometry.fromWkt(arguments[0].value()).asWkt()]
    return [name, [tree(argument) for argument in arguments]]


def tree(node):
    """What the parser made, without brackets."""
    if node is None:
        return None
    kind = type(node).__name__.removeprefix("QgsExpressionNode")
    if kind == "UnaryOperator":
        return [kind, node.op(), tree(node.operand())]
    if kind == "BinaryOperator":
        return [kind, node.op(), tree(node.opLeft()), tree(node.opRight())]
    if kind == "Literal":
        return [kind, literal(node.value())]
    if kind == "ColumnRef":
        return [kind, node.name()]
    if kind == "Function":
        return [kind, call(node)]
    if kind == "InOperator":
        return [kind, node.isNotIn(), tree(node.node()), [tree(one) for one in node.list().list()]]
    if kind == "Condition":
        branches = [[tree(one.whenExp()), tree(one.thenExp())] for one in node.conditions()]
        return [kind, branches, tree(node.elseExp())]
    # Python does not know the class of `a[b]`, so its text is used.
    return [kind, node.dump()]


def features():
    """Rows with numbers, texts, a date, NULL and a geometry each."""
    fields = QgsFields()
    kinds = {"num": QVariant.Int, "size": QVariant.Double, "name": QVariant.String, 'Zone "C"': QVariant.String}
    for name, kind in {**kinds, "día": QVariant.Date}.items():
        fields.append(QgsField(name, kind))
    rows = [
        (1, 2.5, "red", "a", QDate(2024, 2, 29)),
        (2, -1.0, "it's", "2", QDate(1999, 12, 31)),
        (None, None, None, None, None),
        (0, 0.0, "", "50%", QDate(2024, 1, 1)),
    ]
    for number, row in enumerate(rows):
        feature = QgsFeature(fields, number)
        feature.setAttributes([QVariant() if value is None else value for value in row])
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON((0 0,{number + 1} 0,1 1,0 0))"))
        context = QgsExpressionContext()
        context.setFields(fields)
        context.setFeature(feature)
        yield context


def value(result):
    """A value that JSON can hold."""
    if isinstance(result, QgsGeometry):
        return result.asWkt(6)
    if isinstance(result, list):
        return [value(one) for one in result]
    return literal(result)


def read(text, contexts):
    expression = QgsExpression(text)
    if expression.hasParserError():
        return {"error": expression.parserErrorString()}
    values = [[value(expression.evaluate(context)), expression.evalErrorString()] for context in contexts]
    return {"tree": tree(expression.rootNode()), "values": values}


def main():
    application = QgsApplication([], False)
    application.initQgis()
    contexts = list(features())
    for line in sys.stdin:
        print(json.dumps(read(json.loads(line), contexts)), flush=True)
    # exitQgis() crashes on Debian 12.
    os._exit(0)


main()
