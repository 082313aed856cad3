// The documentation at /api/docs/: Swagger UI over the document at /api/schema/, or a plain list of it
// where that is not installed. Nothing but this bridge is asked anything, and nothing is kept when the
// page is closed.
'use strict';

const schema = '/api/schema/';

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function drawList(place) {
  const { info, tags, paths } = await (await fetch(schema)).json();
  place.append(make('h1', {}, `${info.title} ${info.version}`));
  for (const { name, description } of tags) {
    place.append(make('h2', {}, name), make('p', {}, description));
    for (const [path, methods] of Object.entries(paths))
      for (const [method, operation] of Object.entries(methods))
        if (operation.tags.includes(name))
          place.append(make('details', {},
            make('summary', {}, make('code', {}, `${method.toUpperCase()} ${path}`), ` ${operation.summary}`),
            make('pre', {}, JSON.stringify(operation, null, 2))));
  }
}

// A token that is answered is used from then on.
function drawSwagger(selector) {
  const ui = SwaggerUIBundle({
    url: schema,
    dom_id: selector,
    deepLinking: true,
    validatorUrl: null,
    tryItOutEnabled: true,
    defaultModelsExpandDepth: 0,
    responseInterceptor(response) {
      if (response.ok && response.obj?.access) ui.preauthorizeApiKey('bearer', response.obj.access);
      return response;
    },
  });
}

if (window.SwaggerUIBundle) drawSwagger('#docs');
else drawList(document.getElementById('docs'));
