import { type ClipboardEvent, useContext, useEffect, useRef, useState } from "react";
import { LocaleContext, useText } from "@/i18n";
import { explain, Icon, IconButton, Spinner } from "@/kit";
import { sized } from "./file-size";
import { useSignal } from "./signal";
import { FILES_MAX, type Upload, type Uploads } from "./uploads";

/** Opens the choice of files. */
export function AttachButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const text = useText();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-attach
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <IconButton
        label={text("chat.attach")}
        onClick={() => input.current?.click()}
        className="my-0.5 -ml-2"
      >
        <Icon name="clip" />
      </IconButton>
    </>
  );
}

/** The files of what was pasted; none if there is text in it, of which programs add a picture. */
export function pastedFiles(event: ClipboardEvent): File[] {
  const { files, types } = event.clipboardData;
  return types.includes("text/plain") ? [] : [...files];
}

/** Takes files into the uploads, and says if those are too many. */
export function useAttach(uploads: Uploads | null) {
  const [tooMany, setTooMany] = useState(false);
  const attach = (files: File[]) => {
    if (files.length > 0 && uploads) setTooMany(!uploads.take(files));
  };
  return { attach, tooMany };
}

/** The files that will come with the message. */
export function Attached({ uploads, tooMany }: { uploads: Uploads; tooMany: boolean }) {
  const text = useText();
  const all = useSignal(uploads.all);
  const isGoing = all.some((each) => each.state === "running" || each.state === "waiting");
  const done = all.filter((each) => each.state === "done").length;
  return (
    <>
      {all.length > 0 ? (
        <ul
          aria-label={text("chat.attached")}
          className="m-0 mb-1.5 flex max-h-44 list-none flex-wrap gap-1.5 overflow-y-auto p-0"
        >
          {all.map((each) => (
            <Row key={each.id} upload={each} uploads={uploads} />
          ))}
        </ul>
      ) : null}
      {tooMany ? (
        <p role="alert" className="m-0 mb-1 text-sm text-bad">
          {text("chat.tooManyFiles", { most: FILES_MAX })}
        </p>
      ) : null}
      <p role="status" className="sr-only">
        {all.length > 0 && !isGoing ? text("chat.filesThere", { count: done }) : ""}
      </p>
    </>
  );
}

function Row({ upload, uploads }: { upload: Upload; uploads: Uploads }) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const { id, name, state, fraction } = upload;
  return (
    <li
      className={`flex w-64 max-w-full items-center gap-2 rounded-lg border bg-raised py-1 pr-1 pl-2 ${state === "failed" ? "border-bad" : "border-line"}`}
    >
      {state === "running" || state === "waiting" ? <Spinner /> : <Icon name="file" size={18} />}
      <div className="min-w-0 grow">
        <p className="m-0 truncate text-sm font-medium" title={name}>
          {name}
        </p>
        {state === "failed" ? (
          <p role="alert" className="m-0 text-sm break-words text-bad">
            {explain(upload.error, text)}
          </p>
        ) : state === "done" ? (
          <p className="m-0 text-sm text-ink-soft">{sized(upload.bytes, locale)}</p>
        ) : (
          <>
            <progress
              aria-label={text("chat.uploading", { name })}
              max={1}
              value={fraction}
              className="upload block h-1.5 w-full"
            />
            <span className="text-sm text-ink-soft">
              {fraction === 1
                ? text("chat.examined")
                : `${Math.floor(fraction * 100)} % · ${sized(upload.bytes, locale)}`}
            </span>
          </>
        )}
      </div>
      {state === "failed" ? (
        <IconButton label={text("common.retry")} onClick={() => uploads.again(id)}>
          <Icon name="swap" size={18} />
        </IconButton>
      ) : null}
      <IconButton label={text("chat.detach", { name })} onClick={() => uploads.remove(id)}>
        <Icon name="close" size={18} />
      </IconButton>
    </li>
  );
}

/** Takes files that are dropped anywhere on the section that this stands in. */
export function DropZone({ onFiles }: { onFiles: (files: File[]) => void }) {
  const text = useText();
  const mark = useRef<HTMLDivElement>(null);
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const section = mark.current?.closest("section");
    if (!section) return;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!section.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    section.addEventListener("dragover", over);
    section.addEventListener("dragleave", leave);
    section.addEventListener("drop", drop);
    return () => {
      section.removeEventListener("dragover", over);
      section.removeEventListener("dragleave", leave);
      section.removeEventListener("drop", drop);
    };
  }, []);
  return (
    <div ref={mark} aria-hidden="true" className={isOver ? "absolute inset-0 z-30 p-3" : "hidden"}>
      <div className="flex size-full items-center justify-center rounded-2xl border-2 border-dashed border-accent bg-surface/90 text-lg font-medium text-accent">
        {text("chat.dropHere")}
      </div>
    </div>
  );
}
