"""From values per seed to an interval and a verdict; slopes in double logarithmic axes."""

from toolkit.claims.fits import PowerLaw, power_law
from toolkit.claims.paper import Paper, paper
from toolkit.claims.result import REPORT_MIME, RESULT_MIME, Result
from toolkit.claims.statistics import interval, judge

__all__ = ["REPORT_MIME", "RESULT_MIME", "Paper", "PowerLaw", "Result", "interval", "judge", "paper", "power_law"]
