"use strict";

// Starts GraphiQL on the query that the page brings, its headers editor open for a token.

(() => {
  const place = document.getElementById("explorer");
  if (typeof GraphiQL === "undefined" || typeof GraphiQLPluginExplorer === "undefined") {
    place.textContent =
      "GraphiQL did not load: its files were not built into this server, and their CDN is out of reach.";
    return;
  }

  async function send(operation, { headers = {} } = {}) {
    const response = await fetch(window.location.pathname, {
      method: "POST",
      headers: {
        Accept: "application/graphql-response+json, application/json",
        "Content-Type": "application/json",
        ...withoutEmptyToken(headers),
      },
      body: JSON.stringify(operation),
    });
    return response.json();
  }

  // The editor opens on a header that waits for its token; without one it would be a wrong token.
  function withoutEmptyToken(headers) {
    const isEmptyToken = ([name, value]) =>
      name.toLowerCase() === "authorization" && /^\s*bearer\s*$/i.test(value);
    return Object.fromEntries(Object.entries(headers).filter((header) => !isEmptyToken(header)));
  }

  ReactDOM.createRoot(place).render(
    React.createElement(GraphiQL, {
      fetcher: send,
      defaultQuery: place.dataset.query,
      defaultHeaders: '{"Authorization": "Bearer "}',
      defaultEditorToolsVisibility: "headers",
      inputValueDeprecation: true,
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      schemaDescription: true,
      // A token is not for the browser's storage.
      shouldPersistHeaders: false,
    }),
  );
})();
