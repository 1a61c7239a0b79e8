/// <reference types="vite/client" />

declare module "*?lingui" {
  export const messages: Record<string, unknown>;
}
