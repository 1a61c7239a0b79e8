import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { useText } from "@/i18n";
import { Icon } from "./icons";

interface DialogProps {
  title: string;
  open: boolean;
  /** For what has long lines. */
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A question or form in front of the page; Escape closes it. */
export function Dialog({ title, open, isWide, onClose, children }: DialogProps) {
  const text = useText();
  return (
    <Base.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup
          className={`fixed left-1/2 z-50 -translate-x-1/2 overflow-auto rounded-2xl border border-line bg-raised p-5 shadow-card ${isWide ? "top-[5vh] max-h-[90vh] w-[min(56rem,calc(100vw-2rem))]" : "top-[12vh] max-h-[80vh] w-[min(32rem,calc(100vw-2rem))]"}`}
        >
          <div className="mb-4 flex items-start justify-between gap-4">
            <Base.Title className="m-0 text-lg font-semibold">{title}</Base.Title>
            <Base.Close
              aria-label={text("common.close")}
              className="-m-1 rounded-lg p-1 text-ink-soft hover:bg-sunken"
            >
              <Icon name="close" />
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
