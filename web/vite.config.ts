import { fileURLToPath } from "node:url";
import { lingui } from "@lingui/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server serves what is built from inside its Python package.
const packageFolder = fileURLToPath(new URL("../src/hanse/server/client", import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss(), lingui()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: packageFolder,
    emptyOutDir: true,
    assetsDir: "app",
    target: "es2022",
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/v2", "/v3", "/sign-in", "/docs", "/openapi.json"].map((path) => [
        path,
        { target: process.env.HANSE_URL ?? "http://localhost:8080", changeOrigin: true },
      ]),
    ),
  },
});
