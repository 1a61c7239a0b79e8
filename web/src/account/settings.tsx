import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useContext, useId, useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { languages, me } from "@/api/queries";
import { LOCALES, LocaleContext, languageName, useText } from "@/i18n";
import { Button, Card, ErrorNote, Field, Select } from "@/kit";

/** Name, language of the interface, time zone and the languages one reads. */
export function Settings({ person }: { person: Schema["Person"] }) {
  const text = useText();
  const queries = useQueryClient();
  const { locale, setLocale } = useContext(LocaleContext);
  const zones = useId();
  const [name, setName] = useState(person.name);
  const [zone, setZone] = useState(person.time_zone);
  const [read, setRead] = useState(person.languages);
  const known = useQuery(languages("translate_text"));
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        api.PATCH("/v1/me", {
          body: { name: name.trim(), locale, time_zone: zone, languages: read },
        }),
      ),
    onSuccess: (who) => queries.setQueryData(me.queryKey, who),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const offered = (known.data ?? [])
    .filter((each) => each.usable_as_source && !read.includes(each.lang))
    .map((each) => ({ value: each.lang, label: languageName(each.lang, locale, each.name) }))
    .sort((one, other) => one.label.localeCompare(other.label, locale));
  return (
    <Card title={text("settings.title")} about={person.email}>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label={text("settings.name")}
          autoComplete="name"
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="grid gap-1">
          <span className="font-medium">{text("nav.language")}</span>
          <div>
            <Select
              label={text("nav.language")}
              value={locale}
              onChange={(next) => setLocale(next as typeof locale)}
              options={Object.entries(LOCALES).map(([value, label]) => ({ value, label }))}
            />
          </div>
        </div>
        <Field
          label={text("settings.zone")}
          list={zones}
          required
          maxLength={64}
          value={zone}
          onChange={(event) => setZone(event.target.value)}
        />
        <datalist id={zones}>
          {Intl.supportedValuesOf("timeZone").map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <div className="grid gap-2">
          <span className="font-medium">{text("settings.read")}</span>
          <div className="flex flex-wrap items-center gap-2">
            {read.map((tag) => (
              <Button key={tag} onClick={() => setRead(read.filter((each) => each !== tag))}>
                {languageName(tag, locale, tag)} <span aria-hidden="true">×</span>
                <span className="sr-only">{text("common.remove")}</span>
              </Button>
            ))}
            <Select
              label={text("settings.addLanguage")}
              value=""
              onChange={(tag) => setRead([...read, tag])}
              options={[{ value: "", label: text("settings.addLanguage") }, ...offered]}
            />
          </div>
        </div>
        {save.error ? <ErrorNote error={save.error} /> : null}
        <div className="flex items-center justify-end gap-3">
          <span role="status" className="text-good">
            {save.isSuccess ? text("common.saved") : ""}
          </span>
          <Button kind="primary" type="submit" busy={save.isPending} disabled={!name.trim()}>
            {text("common.save")}
          </Button>
        </div>
      </form>
    </Card>
  );
}
