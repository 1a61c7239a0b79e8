import { lazy, Suspense, useContext, useState } from "react";
import { LocaleContext, type Translate, useText } from "@/i18n";
import { Icon } from "@/kit";
import { sized } from "./file-size";
import type { RoomFile } from "./uploads";

const Lightbox = lazy(() => import("./lightbox"));

const IMAGE_PX = { width: 400, height: 300 };
const TILE_PX = { width: 190, height: 190 };
const SHOWN = /^(application\/pdf|text\/plain)$/;

/** Where a file is had: its content, what is to be saved, or a small picture of it. */
export function addressOf(room: string, file: RoomFile, what: "content" | "save" | "thumbnail") {
  const base = `/v1/rooms/${room}/files/${file.id}`;
  return what === "save" ? `${base}/content?save=true` : `${base}/${what}`;
}

export const isImage = (file: RoomFile) => file.media_type.startsWith("image/") && !!file.width;

interface FilesProps {
  room: string;
  files: readonly RoomFile[];
}

/** The files of a message. Each has its size before it is there, so that nothing jumps. */
export function MessageFiles({ room, files }: FilesProps) {
  const text = useText();
  const [open, setOpen] = useState<number | null>(null);
  const images = files.filter(isImage);
  const others = files.filter((each) => !isImage(each));
  return (
    <div className="my-1 grid grid-cols-[minmax(0,1fr)] gap-1.5">
      {images.length > 0 ? (
        <div className="flex flex-wrap gap-1.5">
          {images.map((file, index) => (
            <button
              key={file.id}
              type="button"
              aria-label={text("chat.openImage", { name: file.name })}
              onClick={() => setOpen(index)}
              className="overflow-hidden rounded-lg border border-line bg-sunken p-0"
            >
              <Picture room={room} file={file} isTile={images.length > 1} />
            </button>
          ))}
        </div>
      ) : null}
      {others.map((file) => (
        <Other key={file.id} room={room} file={file} />
      ))}
      {open === null ? null : (
        <Suspense fallback={null}>
          <Lightbox
            room={room}
            images={images}
            index={open}
            onChange={setOpen}
            onClose={() => setOpen(null)}
          />
        </Suspense>
      )}
    </div>
  );
}

function Picture({ room, file, isTile }: { room: string; file: RoomFile; isTile: boolean }) {
  const { width, height } = shownSize(file, isTile);
  return (
    <img
      src={addressOf(room, file, "thumbnail")}
      alt=""
      width={width}
      height={height}
      loading="lazy"
      decoding="async"
      className={`block h-auto max-w-full ${isTile ? "object-cover" : ""}`}
      style={{ aspectRatio: `${width} / ${height}` }}
    />
  );
}

/** How large an image is shown, in pixels: never larger than it is. */
function shownSize(file: RoomFile, isTile: boolean): { width: number; height: number } {
  if (isTile) return TILE_PX;
  const width = file.width ?? 1;
  const height = file.height ?? 1;
  const scale = Math.min(1, IMAGE_PX.width / width, IMAGE_PX.height / height);
  return {
    width: Math.max(24, Math.round(width * scale)),
    height: Math.max(24, Math.round(height * scale)),
  };
}

function Other({ room, file }: { room: string; file: RoomFile }) {
  const text = useText();
  const content = addressOf(room, file, "content");
  if (file.media_type.startsWith("video/")) {
    return (
      <Named room={room} file={file} text={text}>
        {/* biome-ignore lint/a11y/useMediaCaption: what people share has none */}
        <video
          controls
          preload="metadata"
          src={content}
          aria-label={file.name}
          className="block aspect-video w-110 max-w-full rounded-lg bg-black"
        />
      </Named>
    );
  }
  if (file.media_type.startsWith("audio/")) {
    return (
      <Named room={room} file={file} text={text}>
        {/* biome-ignore lint/a11y/useMediaCaption: what people share has none */}
        <audio
          controls
          preload="metadata"
          src={content}
          aria-label={file.name}
          className="block h-13 w-110 max-w-full"
        />
      </Named>
    );
  }
  return <FileCard room={room} file={file} text={text} />;
}

interface NamedProps extends FileProps {
  children: React.ReactNode;
}

interface FileProps {
  room: string;
  file: RoomFile;
  text: Translate;
}

/** A player with the name of what it plays, which some browsers cannot: it can be saved, too. */
function Named({ room, file, text, children }: NamedProps) {
  const { locale } = useContext(LocaleContext);
  return (
    <figure className="m-0">
      {children}
      <figcaption className="flex flex-wrap items-center gap-x-2 text-sm text-ink-soft">
        <span className="min-w-0 truncate">{file.name}</span>
        <span>{sized(file.bytes, locale)}</span>
        <Save room={room} file={file} text={text} />
      </figcaption>
    </figure>
  );
}

function FileCard({ room, file, text }: FileProps) {
  const { locale } = useContext(LocaleContext);
  const isShown = SHOWN.test(file.media_type);
  return (
    <div className="flex w-110 max-w-full items-center gap-3 rounded-lg border border-line bg-raised p-2">
      {file.width && file.height ? (
        <img
          src={addressOf(room, file, "thumbnail")}
          alt=""
          width={48}
          height={64}
          loading="lazy"
          className="h-16 w-12 shrink-0 rounded border border-line object-cover object-top"
        />
      ) : (
        <span className="grid size-10 shrink-0 place-items-center rounded-lg bg-sunken text-ink-soft">
          <Icon name="file" />
        </span>
      )}
      <div className="min-w-0 grow">
        <p className="m-0 truncate font-medium" title={file.name}>
          {isShown ? (
            <a
              href={addressOf(room, file, "content")}
              target="_blank"
              rel="noopener noreferrer"
              className="text-accent hover:underline"
            >
              {file.name}
            </a>
          ) : (
            file.name
          )}
        </p>
        <p className="m-0 text-sm text-ink-soft">{sized(file.bytes, locale)}</p>
      </div>
      <Save room={room} file={file} text={text} />
    </div>
  );
}

function Save({ room, file, text }: FileProps) {
  const label = text("chat.saveFile", { name: file.name });
  return (
    <a
      href={addressOf(room, file, "save")}
      download={file.name}
      aria-label={label}
      title={label}
      className="inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name="download" size={18} />
    </a>
  );
}
