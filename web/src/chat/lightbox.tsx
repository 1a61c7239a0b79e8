import { Dialog as Base } from "@base-ui/react/dialog";
import { type KeyboardEvent, useContext } from "react";
import { LocaleContext, useText } from "@/i18n";
import { Icon, IconButton } from "@/kit";
import { sized } from "./file-size";
import { addressOf } from "./message-files";
import type { RoomFile } from "./uploads";

interface LightboxProps {
  room: string;
  images: readonly RoomFile[];
  index: number;
  onChange: (index: number) => void;
  onClose: () => void;
}

/** The images of a message in full size, one at a time; the arrow keys go on, Escape closes. */
export default function Lightbox({ room, images, index, onChange, onClose }: LightboxProps) {
  const text = useText();
  const { locale } = useContext(LocaleContext);
  const file = images[index];
  if (!file) return null;
  const step = (by: number) => onChange((index + by + images.length) % images.length);
  const onKeyDown = (event: KeyboardEvent) => {
    if (images.length < 2) return;
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
  };
  return (
    <Base.Root open onOpenChange={(next) => (next ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/80" />
        <Base.Popup
          onKeyDown={onKeyDown}
          className="fixed inset-0 z-50 grid grid-rows-[auto_minmax(0,1fr)] gap-2 p-3 md:p-5"
        >
          <div className="flex items-center gap-2 rounded-xl bg-raised px-3 py-1 text-ink">
            <Base.Title className="m-0 min-w-0 grow truncate text-base font-semibold">
              {file.name}
            </Base.Title>
            <span className="text-sm whitespace-nowrap text-ink-soft max-md:hidden">
              {file.width} × {file.height} · {sized(file.bytes, locale)}
            </span>
            {images.length > 1 ? (
              <>
                <IconButton label={text("chat.previousImage")} onClick={() => step(-1)}>
                  <span aria-hidden="true">←</span>
                </IconButton>
                <span className="text-sm whitespace-nowrap tabular-nums" aria-live="polite">
                  {index + 1} / {images.length}
                </span>
                <IconButton label={text("chat.nextImage")} onClick={() => step(1)}>
                  <span aria-hidden="true">→</span>
                </IconButton>
              </>
            ) : null}
            <a
              href={addressOf(room, file, "save")}
              download={file.name}
              aria-label={text("chat.saveFile", { name: file.name })}
              title={text("chat.saveFile", { name: file.name })}
              className="inline-flex size-9 items-center justify-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink"
            >
              <Icon name="download" />
            </a>
            <Base.Close
              aria-label={text("common.close")}
              className="inline-flex size-9 items-center justify-center rounded-lg text-ink-soft hover:bg-sunken hover:text-ink"
            >
              <Icon name="close" />
            </Base.Close>
          </div>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape and the button close it, too */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: Escape and the button close it, too */}
          <div
            className="grid min-h-0 place-items-center"
            onClick={(event) => (event.target === event.currentTarget ? onClose() : undefined)}
          >
            <img
              key={file.id}
              src={addressOf(room, file, "content")}
              alt={file.name}
              width={file.width ?? undefined}
              height={file.height ?? undefined}
              className="max-h-full max-w-full bg-sunken object-contain"
              style={{ width: "auto", height: "auto" }}
            />
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
