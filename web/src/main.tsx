import { render } from "solid-js/web";
import { App } from "./app.tsx";
import "./css/tokens.css";
import "./css/base.css";
import "./css/layout.css";
import "./css/pieces.css";
import "./css/list.css";
import "./css/detail.css";
import "./css/wall.css";

const page = document.querySelector("#page");
if (page === null) throw new Error("index.html has no #page");
render(() => <App />, page);
