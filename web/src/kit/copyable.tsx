import { useState } from "react";
import { useText } from "@/i18n";
import { Button } from "./button";

/** Something to take elsewhere, and a button that copies it. */
export function Copyable({ value }: { value: string }) {
  const text = useText();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <div className="flex items-center gap-2">
      <code className="min-w-0 grow rounded-lg bg-sunken px-3 py-2 break-all">{value}</code>
      <Button onClick={() => void copy()}>{text(copied ? "common.copied" : "common.copy")}</Button>
    </div>
  );
}
