"""Small tables of measurements, and short series."""

from __future__ import annotations

import csv
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from toolkit.data.store import read

TABLES = {  # name -> (file, names of the columns); a name with {} is numbered
    "sonar": ("sonar.csv", ["energy in band {}"]),
    "ionosphere": ("ionosphere.csv", ["pulse {}"]),
    "iris": ("iris.csv", ["sepal length, cm", "sepal width, cm", "petal length, cm", "petal width, cm"]),
    "wine": (
        "wine.csv",
        [
            *("alcohol", "malic acid", "ash", "alkalinity of ash", "magnesium", "total phenols", "flavanoids"),
            *("nonflavanoid phenols", "proanthocyanins", "colour intensity", "hue", "OD280/OD315", "proline"),
        ],
    ),
    "banknote": ("banknote_authentication.csv", ["variance", "skewness", "curtosis", "entropy"]),
    "wheat-seeds": (
        "wheat-seeds.csv",
        ["area", "perimeter", "compactness", "length", "width", "asymmetry", "length of the groove"],
    ),
    "pima-diabetes": (
        "pima-indians-diabetes.csv",
        [
            *("pregnancies", "glucose", "blood pressure, mm Hg", "skin fold, mm", "insulin, mu U/ml"),
            *("body mass index, kg/m^2", "pedigree", "age, years"),
        ],
    ),
    "wine-quality-red": (
        "winequality-red.csv",
        [
            *("fixed acidity", "volatile acidity", "citric acid", "residual sugar", "chlorides", "free sulfur dioxide"),
            *("total sulfur dioxide", "density", "pH", "sulphates", "alcohol"),
        ],
    ),
}
SERIES = ("airline-passengers", "daily-min-temperatures", "monthly-sunspots")


class Table(NamedTuple):
    """Rows of measurements with a class for each."""

    x: Tensor  # [n, columns] float32, not scaled
    y: Tensor  # [n] int64
    names: tuple[str, ...]  # of the columns
    classes: tuple[str, ...]  # of the values of y


def table(name: str) -> Table:
    """A table of measurements, rows in the published order.

    Args:
        name: ``sonar`` (208 rows, 60 columns; mine or rock), ``ionosphere`` (351, 34; bad or good), ``iris`` (150, 4;
            3 species), ``wine`` (178, 13; 3 growers), ``banknote`` (1,372, 4; real or forged), ``wheat-seeds`` (210,
            7; 3 kinds), ``pima-diabetes`` (768, 8; without or with) or ``wine-quality-red`` (1,599, 11; marks 3 to 8).

    Returns:
        ``(x, y, names, classes)``; the classes are in the order of their names or numbers in the file.

    Raises:
        ValueError: another name.
        DataError: the file cannot be had, or is not the published one.

    Source: the UCI Machine Learning Repository; in this form, J. Brownlee.
    """
    if name not in TABLES:
        raise ValueError(f"name must be one of {', '.join(TABLES)}; got {name!r}")
    file, names = TABLES[name]
    rows = [line.split(",") for line in read("tabular", file).decode().splitlines() if line.strip()]
    classes, y = np.unique([row[-1].strip() for row in rows], return_inverse=True)
    x = torch.tensor(np.array([row[:-1] for row in rows], dtype=np.float32))
    if "{}" in names[0]:
        names = [names[0].format(number + 1) for number in range(x.shape[1])]
    return Table(x, torch.from_numpy(y), tuple(names), tuple(classes.tolist()))


def series(name: str) -> Tensor:
    """A series, ``[steps]`` float32, not scaled.

    Args:
        name: ``airline-passengers`` (144 months, thousands), ``daily-min-temperatures`` (3,650 days in Melbourne,
            degrees Celsius) or ``monthly-sunspots`` (2,820 months, numbers).

    Raises:
        ValueError: another name.
        DataError: the file cannot be had, or is not the published one.

    Source: Box and Jenkins (1976); Australian Bureau of Meteorology; Andrews and Herzberg (1985); here, J. Brownlee.
    """
    if name not in SERIES:
        raise ValueError(f"name must be one of {', '.join(SERIES)}; got {name!r}")
    rows = list(csv.reader(read("tabular", f"{name}.csv").decode().splitlines()))[1:]
    return torch.tensor([float(row[1]) for row in rows if row])
