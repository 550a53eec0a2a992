// Shows docs.json. `validatorUrl` would be a service elsewhere that the document is sent to.
window.ui = SwaggerUIBundle({
  url: "docs.json",
  dom_id: "#page",
  deepLinking: true,
  displayOperationId: false,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  onComplete: () => {
    document.title = window.ui.specSelectors.info().get("title");
  },
});
