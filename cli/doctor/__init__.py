"""`footfall doctor`: what of this machine and configuration would stop or endanger a stack. It changes nothing."""

from cli.doctor.finding import Finding, Level
from cli.doctor.run import examine

__all__ = ["Finding", "Level", "examine"]
