import { initials } from "./use-names";

const TONES = 6;

/** A picture of somebody made of their name; beside the name itself, so hidden from readers. */
export function Avatar({ id, name, isOnline }: { id: string; name: string; isOnline?: boolean }) {
  const tone = Number.parseInt(id.slice(-4), 16) % TONES || 0;
  return (
    <span aria-hidden="true" className="relative inline-block size-9 shrink-0">
      <span
        className={`avatar-${tone} flex size-full items-center justify-center rounded-xl text-sm font-semibold`}
      >
        {initials(name)}
      </span>
      {isOnline ? (
        <span className="absolute -right-0.5 -bottom-0.5 size-3 rounded-full border-2 border-surface bg-good" />
      ) : null}
    </span>
  );
}
