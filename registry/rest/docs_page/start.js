SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  filter: true,
  // By default a server on the internet is shown the document.
  validatorUrl: null,
});
