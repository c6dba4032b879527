// PostGraphile over a registry's database, set up as its own documentation says: one process.
//
//     node server.js DATABASE_URL PORT
//
// Prints `ready` once it answers at 127.0.0.1:PORT/graphql, and ends when its standard input does.
import { createServer } from "node:http";

import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { addPgTableOrderBy, orderByAscDesc } from "postgraphile/utils";

const [connectionString, port] = process.argv.slice(2);

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [
    // By itself it offers no order by bytes, and this is the order that the index has.
    addPgTableOrderBy({ schemaName: "public", tableName: "version" }, () =>
      orderByAscDesc("PRECEDENCE", "sort_key"),
    ),
  ],
  pgServices: [makePgService({ connectionString, schemas: ["public"] })],
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
process.stdin.on("end", () => process.exit(0)).resume();
