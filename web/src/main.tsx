import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { LocaleContext, preferredLocale, useCatalogue as show } from "./i18n";
import { makeRouter } from "./router";
import { applyTheme, chosenTheme } from "./shell/theme";
import "./styles.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server says about a request is not changed by asking again at once.
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof ApiError) || error.status >= 502),
      refetchOnWindowFocus: false,
    },
  },
});
const router = makeRouter(queries);

function App() {
  const [locale, setLocale] = useState(preferredLocale());
  const value = {
    locale,
    setLocale: (next: typeof locale) => void show(next, true).then(() => setLocale(next)),
  };
  return (
    <LocaleContext.Provider value={value}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </LocaleContext.Provider>
  );
}

applyTheme(chosenTheme());
if ("serviceWorker" in navigator && import.meta.env.PROD) {
  void navigator.serviceWorker.register("/service-worker.js");
}
void show(preferredLocale()).then(() => {
  createRoot(document.getElementById("root") as HTMLElement).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
