import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { PersonalData } from "@/account/personal-data";
import { api, type Schema, unwrap } from "@/api/client";
import { usePermissions } from "@/api/queries";
import { useText } from "@/i18n";
import {
  Badge,
  Button,
  Copyable,
  Dialog,
  DialogForm,
  ErrorNote,
  Field,
  Paged,
  PageHead,
  Select,
} from "@/kit";
import { Table } from "@/kit/table";

type Person = Schema["Person"];
const ROLES = ["owner", "admin", "member", "guest"] as const;
type Role = Schema["Role"];

function useRoles() {
  const text = useText();
  return ROLES.map((value) => ({ value, label: text(`role.${value}`) }));
}

/** Who belongs to the organisation: find, invite, change, keep out. */
export function PeoplePage() {
  const { find = "" } = useSearch({ strict: false }) as { find?: string };
  return <People key={find} find={find} />;
}

function People({ find }: { find: string }) {
  const text = useText();
  const [typed, setTyped] = useState(find);
  const query = useDeferredValue(typed.trim());
  const [inviting, setInviting] = useState(false);
  const [editing, setEditing] = useState<Person | null>(null);
  const people = useInfiniteQuery({
    queryKey: ["people", query],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/v1/people", {
          params: {
            query: { ...(query ? { query } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <>
      <PageHead title={text("nav.people")}>
        <Button kind="primary" onClick={() => setInviting(true)}>
          {text("people.invite")}
        </Button>
      </PageHead>
      <Field
        label={text("people.search")}
        type="search"
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Paged list={people} none={text("palette.nothing")}>
        {(found) => (
          <Table
            label={text("nav.people")}
            columns={[
              text("keys.name"),
              text("signIn.email"),
              text("people.role"),
              text("keys.state"),
              text("keys.actions"),
            ]}
          >
            {found.map((person) => (
              <tr key={person.id}>
                <th scope="row" className="font-medium">
                  {person.name}
                </th>
                <td>{person.email}</td>
                <td>{text(`role.${person.role}`)}</td>
                <td>
                  <Badge tone={person.status === "active" ? "good" : "plain"}>
                    {text(`people.${person.status}`)}
                  </Badge>
                </td>
                <td>
                  <Button onClick={() => setEditing(person)}>
                    {text("common.edit")}
                    <span className="sr-only"> {person.name}</span>
                  </Button>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <Dialog title={text("people.invite")} open={inviting} onClose={() => setInviting(false)}>
        <Invite onClose={() => setInviting(false)} />
      </Dialog>
      <Dialog title={editing?.name ?? ""} open={editing !== null} onClose={() => setEditing(null)}>
        {editing ? <Edit person={editing} onClose={() => setEditing(null)} /> : null}
      </Dialog>
    </>
  );
}

function Invite({ onClose }: { onClose: () => void }) {
  const text = useText();
  const roles = useRoles();
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("member");
  const invite = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/v1/people", {
          body: { email: email.trim(), name: name.trim(), role, invite: true },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["people"] }),
  });
  if (invite.data?.sign_in_link)
    return <Link url={invite.data.sign_in_link.url} onClose={onClose} />;
  return (
    <DialogForm
      action={text("people.invite")}
      busy={invite.isPending}
      error={invite.error}
      onSubmit={() => invite.mutate()}
      onClose={onClose}
    >
      <Field
        label={text("signIn.email")}
        type="email"
        required
        maxLength={320}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label={text("keys.name")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <RoleChoice roles={roles} role={role} onChange={setRole} />
    </DialogForm>
  );
}

interface RoleChoiceProps {
  roles: { value: string; label: string }[];
  role: Role;
  onChange: (role: Role) => void;
}

function RoleChoice({ roles, role, onChange }: RoleChoiceProps) {
  const text = useText();
  return (
    <div className="grid gap-1">
      <span className="font-medium">{text("people.role")}</span>
      <div>
        <Select
          label={text("people.role")}
          value={role}
          options={roles}
          onChange={(next) => onChange(next as Role)}
        />
      </div>
    </div>
  );
}

function Link({ url, onClose }: { url: string; onClose: () => void }) {
  const text = useText();
  return (
    <div className="grid gap-4">
      <p className="m-0">{text("people.link")}</p>
      <Copyable value={url} />
      <div className="flex justify-end">
        <Button kind="primary" onClick={onClose}>
          {text("common.close")}
        </Button>
      </div>
    </div>
  );
}

function Edit({ person, onClose }: { person: Person; onClose: () => void }) {
  const text = useText();
  const permissions = usePermissions();
  const roles = useRoles();
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>(person.role);
  const path = { person_id: person.id };
  const change = useMutation({
    mutationFn: (body: Schema["PersonChanges"]) =>
      unwrap(api.PATCH("/v1/people/{person_id}", { params: { path }, body })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["people"] });
      onClose();
    },
  });
  const link = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/v1/people/{person_id}/sign-in-links", { params: { path } })),
  });
  if (link.data) return <Link url={link.data.url} onClose={onClose} />;
  const mayExport = permissions.includes("people:export");
  const mayErase = permissions.includes("people:erase");
  const isActive = person.status === "active";
  const error = change.error ?? link.error;
  return (
    <div className="grid gap-4">
      <RoleChoice roles={roles} role={role} onChange={setRole} />
      {error ? <ErrorNote error={error} /> : null}
      <div className="flex flex-wrap justify-end gap-2">
        {isActive ? (
          <Button busy={link.isPending} onClick={() => link.mutate()}>
            {text("people.newLink")}
          </Button>
        ) : null}
        <Button
          kind={isActive ? "danger" : "plain"}
          busy={change.isPending}
          onClick={() => change.mutate({ status: isActive ? "deactivated" : "active" })}
        >
          {text(isActive ? "people.deactivate" : "people.activate")}
        </Button>
        <Button
          kind="primary"
          busy={change.isPending}
          disabled={role === person.role}
          onClick={() => change.mutate({ role })}
        >
          {text("common.save")}
        </Button>
      </div>
      {mayExport || mayErase ? (
        <section aria-label={text("data.title")} className="border-t border-line pt-4">
          <PersonalData
            personId={person.id}
            email={person.email}
            mayExport={mayExport}
            mayErase={mayErase}
            onErased={() => {
              void queries.invalidateQueries({ queryKey: ["people"] });
              onClose();
            }}
          />
        </section>
      ) : null}
    </div>
  );
}
