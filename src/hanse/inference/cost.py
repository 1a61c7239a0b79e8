"""What a batch will cost: learned online for each model on each kind of worker.

The time of a batch is taken as linear in four features: 1, its items, their characters, and the
sum of the squares of their characters (an encoder-decoder's time grows faster than its input).
The weights follow by recursive least squares with exponential forgetting (Ljung, System
Identification, 2nd ed., section 11.2) on relative errors, since the noise of a shared machine grows
with the time itself, and with residuals clipped at a multiple of their usual size (Huber), so
that one pause of the machine teaches nothing, yet a lasting change is followed within a few dozen
batches. No I/O and no clock.
"""

import math
from collections.abc import Sequence

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

_SCALE = (1.0, 1.0, 1e-2, 1e-4)
"""Brings the features to like size, which keeps the arithmetic well conditioned."""
_WEIGHT_MIN = (1e-3, 1e-3, 1e-3, 1e-3)
"""Even a weight whose prior is zero may be learned."""


class CostModel:
    """Predicts the seconds of a batch, and learns from each one that ran.

    A larger batch is never predicted to be cheaper: weights stay at or above zero.
    """

    __slots__ = (
        "_covariance",
        "_noise",
        "_prior_variance",
        "_run",
        "_run_sum",
        "_weights",
        "error",
        "observations",
    )

    def __init__(self, prior: CostPrior) -> None:
        weights = (prior.fixed_s, prior.item_s, prior.char_s, prior.char_squared_s)
        self._weights = [weight / scale for weight, scale in zip(weights, _SCALE, strict=True)]
        self._prior_variance = [
            (PRIOR_SPREAD * max(weight, least)) ** 2
            for weight, least in zip(self._weights, _WEIGHT_MIN, strict=True)
        ]
        self._covariance = [
            [self._prior_variance[i] if i == j else 0.0 for j in range(4)] for i in range(4)
        ]
        self._noise = 1.0
        self._run, self._run_sum = 0, 0.0
        self.error = 0.0
        """Running mean of |predicted - actual| / actual, over what was predicted beforehand."""
        self.observations = 0

    @property
    def fixed_s(self) -> float:
        """The part of a batch's time that does not depend on what is in it."""
        return self._weights[0]

    def predict(self, items: int, chars: int, chars_squared: int) -> float:
        """Return the expected seconds of a batch of `items`.

        `chars` is the sum of their characters, `chars_squared` the sum of the squares.
        """
        fixed, item, char, square = self._weights
        seconds = fixed + item * items + char * chars * 1e-2 + square * chars_squared * 1e-4
        return max(seconds, SECONDS_MIN)

    def predict_item(self, chars: int) -> float:
        """Return what one more item of so many characters adds to a batch, in seconds."""
        _, item, char, square = self._weights
        return max(item + char * chars * 1e-2 + square * chars * chars * 1e-4, SECONDS_MIN)

    def observe(self, items: int, chars: int, chars_squared: int, seconds: float) -> None:
        """Learn that this batch took `seconds`."""
        seconds = max(seconds, SECONDS_MIN)
        predicted = self.predict(items, chars, chars_squared)
        self._track_error(predicted, seconds)
        scale = max(predicted, seconds)
        features = (
            1.0 / scale,
            items / scale,
            chars * 1e-2 / scale,
            chars_squared * 1e-4 / scale,
        )
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

    def _update(self, features: tuple[float, ...], surprise: float) -> None:
        covariance = self._covariance
        projected = [_dot(row, features) for row in covariance]
        spread = FORGETTING * NOISE_VARIANCE + _dot(projected, features)
        for i in range(4):
            self._weights[i] = max(0.0, self._weights[i] + projected[i] * surprise / spread)
            row = covariance[i]
            for j in range(4):
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
                for j in range(4):
                    self._covariance[i][j] *= shrink
                    self._covariance[j][i] *= shrink


def _dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
