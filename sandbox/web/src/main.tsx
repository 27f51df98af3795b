/** Starts the page. */
import "slack-blocks-to-jsx/dist/style.css";
import "./page.css";
import { createRoot } from "react-dom/client";
import { App } from "./App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
