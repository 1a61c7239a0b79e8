"""What the language system keeps about people. Glossaries, styles and memories name nobody."""

from typing import Final

from hanse.platform.personal_data import Erasing, Holding

_ROWS_MAX: Final = 10_000

holdings: Final = (
    Holding(
        name="language/translations",
        columns=("language.translations.person_id",),
        select="""
            select id, kind, source_languages, target_language, texts, characters, models,
                reporting_tag, created_at
            from language.translations where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=(
            Erasing(
                """
                update language.translations set person_id = null where id in (
                    select id from language.translations
                    where organisation_id = $1 and person_id = $2 limit $3
                )
                """,
                _ROWS_MAX,
            ),
        ),
    ),
    Holding(
        name="language/documents",
        columns=("language.documents.person_id",),
        select="""
            select id, filename, source_language, target_language, status, characters,
                reporting_tag, created_at, expires_at
            from language.documents where organisation_id = $1 and person_id = $2 order by id
        """,
        select_files="""
            select d.id || '/' || f.what || '/' || d.filename as name, f.content
            from language.documents d, lateral (
                values ('original', d.original), ('translation', d.result)
            ) as f (what, content)
            where d.organisation_id = $1 and d.person_id = $2 and f.content is not null
            order by d.id
        """,
        erasing=(
            Erasing("delete from language.documents where organisation_id = $1 and person_id = $2"),
        ),
    ),
)
