import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useContext, useState } from "react";
import { glossaries, usePermissions } from "@/api/queries";
import { LocaleContext, useText } from "@/i18n";
import {
  Button,
  Dialog,
  DialogForm,
  EmptyState,
  ErrorNote,
  Field,
  PageHead,
  Skeleton,
} from "@/kit";
import { Table } from "@/kit/table";
import { pairName } from "./pair";
import { makeGlossary } from "./queries";

/** The glossaries of the organisation. */
export function GlossariesPage() {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const mayWrite = usePermissions().includes("glossaries:write");
  const [making, setMaking] = useState(false);
  const [typed, setTyped] = useState("");
  const list = useQuery(glossaries);
  const found = (list.data ?? []).filter((each) =>
    each.name.toLowerCase().includes(typed.trim().toLowerCase()),
  );
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  return (
    <>
      <PageHead title={text("nav.glossaries")} about={text("glossaries.about")}>
        {mayWrite ? (
          <Button kind="primary" onClick={() => setMaking(true)}>
            {text("glossaries.make")}
          </Button>
        ) : null}
      </PageHead>
      <Field
        label={text("glossaries.search")}
        type="search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {list.error ? <ErrorNote error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton className="h-40 w-full" /> : null}
      {list.data && found.length === 0 ? (
        <EmptyState title={text(list.data.length > 0 ? "palette.nothing" : "glossaries.none")} />
      ) : null}
      {found.length > 0 ? (
        <Table
          label={text("nav.glossaries")}
          columns={[text("keys.name"), text("glossaries.directions"), text("keys.made")]}
        >
          {found.map((each) => (
            <tr key={each.glossary_id}>
              <th scope="row" className="font-medium">
                <Link
                  to="/admin/glossaries/$glossaryId"
                  params={{ glossaryId: each.glossary_id }}
                  className="text-accent hover:underline"
                >
                  {each.name}
                </Link>
              </th>
              <td>
                {each.dictionaries.map((one) => (
                  <span key={`${one.source_lang}-${one.target_lang}`} className="block min-w-56">
                    {pairName({ source: one.source_lang, target: one.target_lang }, locale)}
                    <span className="text-ink-soft">
                      {" · "}
                      {text("glossaries.entries", { count: one.entry_count })}
                    </span>
                  </span>
                ))}
                {each.dictionaries.length === 0 ? text("glossaries.empty") : null}
              </td>
              <td className="whitespace-nowrap">{day.format(new Date(each.creation_time))}</td>
            </tr>
          ))}
        </Table>
      ) : null}
      <Dialog title={text("glossaries.make")} open={making} onClose={() => setMaking(false)}>
        <NewGlossary onClose={() => setMaking(false)} />
      </Dialog>
    </>
  );
}

function NewGlossary({ onClose }: { onClose: () => void }) {
  const text = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => makeGlossary(name.trim()),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: glossaries.queryKey });
      onClose();
      await navigate({
        to: "/admin/glossaries/$glossaryId",
        params: { glossaryId: made.glossary_id },
      });
    },
  });
  return (
    <DialogForm
      action={text("glossaries.make")}
      busy={make.isPending}
      error={make.error}
      disabled={!name.trim()}
      onSubmit={() => make.mutate()}
      onClose={onClose}
    >
      <Field
        label={text("keys.name")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </DialogForm>
  );
}
