// imapflow as a product: reads, downloads, searches, flags, moves, idles. Prints one JSON line for each thing it learnt.
import { ImapFlow } from 'imapflow';
import { createHash } from 'node:crypto';

const [port, user] = process.argv.slice(2);
const say = (name, value) => console.log(JSON.stringify([name, value]));
const client = new ImapFlow({
  host: '127.0.0.1', port: Number(port), secure: false, doSTARTTLS: false, logger: false,
  auth: { user, accessToken: 'good' },
});

await client.connect();
say('capabilities', ['MOVE', 'UIDPLUS', 'CONDSTORE', 'IDLE', 'SPECIAL-USE'].every(name => client.capabilities.has(name)));
say('folders', (await client.list()).map(folder => [folder.path, folder.specialUse ?? '']));
await client.mailboxOpen('INBOX');
const found = await client.fetchOne('1', { envelope: true, bodyStructure: true, flags: true, source: true });
say('subject', found.envelope.subject);
say('disposition', found.bodyStructure.childNodes?.map(node => [node.type, node.disposition, node.dispositionParameters?.filename]));
say('source', createHash('sha256').update(found.source).digest('hex'));
const { content } = await client.download('1', '2');
const pieces = [];
for await (const piece of content) pieces.push(piece);
say('part', createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
say('flagged', await client.messageFlagsAdd('1', ['$MDNSent']));
say('search', await client.search({ keyword: '$MDNSent' }));
const arrived = new Promise(resolve => client.once('exists', event => resolve(event.count)));
say('appended', (await client.append('Sent', 'Subject: a\r\n\r\nb\r\n', ['\\Seen'])).uid);
say('moved', (await client.messageMove('1', 'Trash')).destination);
console.log(JSON.stringify(['idling', true]));
say('arrived', await arrived);
await client.logout();
