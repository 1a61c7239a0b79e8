"""What a batch will cost: learned online for each model on each kind of worker.

The time of a batch is taken as linear in five features: 1, its items, their characters, the sum of
the squares of their characters (attention grows faster than its input) and the longest item (an
engine takes as many steps as the longest result has, and a step costs something whatever is in it).
Tokens instead of characters would need a tokeniser here, and foretell the time no better. The
weights follow by recursive least squares with exponential forgetting (Ljung, System Identification,
2nd ed., section 11.2) on relative errors, since the noise of a shared machine grows with the time
itself, and with residuals clipped at a multiple of their usual size (Huber), so that one pause of
the machine teaches nothing, yet a lasting change is followed within a few dozen batches. No I/O and
no clock.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from hanse.inference.job import CostPrior

FORGETTING = 0.99
CLIP = 3.0
"""Residuals beyond this multiple of their usual size are cut to it."""
NOISE_VARIANCE = 0.04
"""Usual relative variance of one measurement."""
PRIOR_SPREAD = 2.0
"""Standard deviation of each prior weight, in units of that weight."""
SECONDS_MIN = 1e-5
ERROR_DECAY = 0.05
NOISE_STEP = 1.1
NOISE_MIN = 0.02
PACE_RUN = 10
PACE_DRIFT_MIN = 0.25

_SCALE = (1.0, 1.0, 1e-2, 1e-4, 1e-2)
"""Brings the features to like size, which keeps the arithmetic well conditioned."""
FEATURES = len(_SCALE)
_WEIGHT_MIN = 1e-3
"""Even a weight whose prior is zero may be learned."""


class Size(NamedTuple):
    """What of a batch decides its time; lengths are in characters."""

    items: int = 0
    chars: int = 0
    squares: int = 0
    """Sum of the squares of the items' lengths."""
    longest: int = 0

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Self:
        """Return the size of a batch of items of these lengths."""
        each = list(lengths)
        squares = sum([length * length for length in each])
        return cls(len(each), sum(each), squares, max(each, default=0))

    def plus(self, length: int) -> Self:
        """Return the size with one more item."""
        items, chars, squares, longest = self
        return type(self)(
            items + 1,
            chars + length,
            squares + length * length,
            length if length > longest else longest,
        )


class CostModel:
    """Predicts the seconds of a batch, and learns from each one that ran.

    A larger batch is never predicted to be cheaper: weights stay at or above zero. `batch_items` is
    how many items a batch is believed to have before any was seen.
    """

    __slots__ = (
        "_batch_items",
        "_covariance",
        "_noise",
        "_prior_variance",
        "_run",
        "_run_sum",
        "_weights",
        "error",
        "observations",
    )

    def __init__(self, prior: CostPrior, batch_items: float = 1.0) -> None:
        weights = (
            prior.fixed_s,
            prior.item_s,
            prior.char_s,
            prior.char_squared_s,
            prior.longest_char_s,
        )
        self._weights = [weight / scale for weight, scale in zip(weights, _SCALE, strict=True)]
        self._prior_variance = [
            (PRIOR_SPREAD * max(weight, _WEIGHT_MIN)) ** 2 for weight in self._weights
        ]
        self._covariance = [
            [self._prior_variance[i] if i == j else 0.0 for j in range(FEATURES)]
            for i in range(FEATURES)
        ]
        self._noise = 1.0
        self._batch_items = batch_items
        self._run, self._run_sum = 0, 0.0
        self.error = 0.0
        """Running mean of |predicted - actual| / actual, over what was predicted beforehand."""
        self.observations = 0

    @property
    def fixed_s(self) -> float:
        """The part of a batch's time that does not depend on what is in it."""
        return self._weights[0]

    def predict(self, size: Size) -> float:
        """Return the expected seconds of a batch."""
        fixed, item, char, square, longest = self._weights
        items, chars, squares, longest_chars = size
        seconds = (
            fixed
            + item * items
            + (char * chars + longest * longest_chars) * 1e-2
            + square * squares * 1e-4
        )
        return max(seconds, SECONDS_MIN)

    def predict_item(self, chars: int) -> float:
        """Return the seconds that an item of so many characters counts for while it waits.

        How it will be batched is open: it bears what it adds to a batch, and its part of what a
        batch of the usual size costs besides.
        """
        _, item, char, square, _ = self._weights
        adds = item + char * chars * 1e-2 + square * chars * chars * 1e-4
        return max(adds + self.shared_s(chars) / self._batch_items, SECONDS_MIN)

    def shared_s(self, longest: int) -> float:
        """Return the part of a batch's time that its items share, in seconds.

        That is the fixed cost, and the steps that an engine takes for the longest item, which has
        so many characters.
        """
        return self._weights[0] + self._weights[4] * longest * 1e-2

    def observe(self, size: Size, seconds: float) -> None:
        """Learn that a batch of this size took `seconds`."""
        seconds = max(seconds, SECONDS_MIN)
        predicted = self.predict(size)
        self._track_error(predicted, seconds)
        self._batch_items += ERROR_DECAY * (size.items - self._batch_items)
        scale = max(predicted, seconds)
        features = [
            feature * unit / scale for feature, unit in zip((1, *size), _SCALE, strict=True)
        ]
        surprise = (seconds - predicted) / scale
        bound = CLIP * self._noise
        clipped = min(max(surprise, -bound), bound)
        # A stochastic median of |surprise|: outliers move it no more than any other batch does.
        # 0.67 standard deviations are the median of a normal distribution's absolute value.
        grows = abs(surprise) > 0.67 * self._noise
        self._noise *= NOISE_STEP if grows else 1.0 / NOISE_STEP
        self._noise = max(self._noise, NOISE_MIN)
        self._update(features, clipped)
        self._follow_pace(surprise)

    def _track_error(self, predicted: float, seconds: float) -> None:
        self.observations += 1
        rate = max(ERROR_DECAY, 1.0 / self.observations)
        self.error += rate * (abs(predicted - seconds) / seconds - self.error)

    def _update(self, features: Sequence[float], surprise: float) -> None:
        covariance = self._covariance
        projected = [_dot(row, features) for row in covariance]
        spread = FORGETTING * NOISE_VARIANCE + _dot(projected, features)
        for i in range(FEATURES):
            self._weights[i] = max(0.0, self._weights[i] + projected[i] * surprise / spread)
            row = covariance[i]
            for j in range(FEATURES):
                row[j] = (row[j] - projected[i] * projected[j] / spread) / FORGETTING
        self._bound_covariance()

    def _follow_pace(self, surprise: float) -> None:
        # What changes at once is the pace of the whole machine: when many surprises in a row point
        # one way, and far, all weights are scaled together instead of waiting for each.
        if (surprise > 0.0) != (self._run_sum > 0.0):
            self._run, self._run_sum = 0, 0.0
        self._run += 1
        self._run_sum += surprise
        drift = self._run_sum / self._run
        if self._run >= PACE_RUN and abs(drift) > PACE_DRIFT_MIN:
            pace = 1.0 / (1.0 - drift) if drift > 0.0 else 1.0 + drift
            self._weights = [weight * pace for weight in self._weights]
            self._run, self._run_sum = 0, 0.0

    def _bound_covariance(self) -> None:
        # Forgetting without new evidence (always the same batch) would let the covariance grow
        # without end; it is never allowed to be less certain than the prior was.
        for i, bound in enumerate(self._prior_variance):
            if self._covariance[i][i] > bound:
                shrink = math.sqrt(bound / self._covariance[i][i])
                for j in range(FEATURES):
                    self._covariance[i][j] *= shrink
                    self._covariance[j][i] *= shrink


def _dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
