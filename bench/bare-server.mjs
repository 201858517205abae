/*
 * What valetkey is compared with: `node:http` and ready answers, nothing else. Plain JavaScript, since
 * its start is measured too and stripping types is work. The first argument names a JSON file with
 * the port and the answers by path.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { port, keepAliveTimeout, answers } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

createServer({ keepAliveTimeout }, (request, response) => {
  const { status, headers, body } = answers[request.url];
  response.writeHead(status, headers);
  response.end(body);
}).listen(port, '127.0.0.1');
