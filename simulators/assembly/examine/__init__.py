"""``check``: what a file is, and every finding, as the simulators themselves would judge it."""

from simulators.assembly.examine.examiner import Examiner
from simulators.assembly.examine.model import Examined, NotKnown

__all__ = ["Examined", "Examiner", "NotKnown"]
