// A program for tests: a gRPC server that counts what it answered, or clients that call it in every way gRPC has. Run with
// Node inside a network namespace: `serve PORT`, which prints {"method code": count} at SIGUSR1; `call HOST PORT`, which
// ends when all calls have.
import {
  type CallOptions,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

const same = (bytes: Buffer) => bytes;
const codec = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/shop.Orders/${name}`,
  requestStream,
  responseStream,
  ...codec,
});
const service = {
  get: method('Get', false, false),
  fail: method('Fail', false, false),
  list: method('List', false, true),
  upload: method('Upload', true, false),
  chat: method('Chat', true, true),
};
const CODES = [status.NOT_FOUND, status.PERMISSION_DENIED, status.RESOURCE_EXHAUSTED, status.INTERNAL];

async function serve(port: number): Promise<void> {
  const counts = new Map<string, number>();
  const note = (name: string, code: status) => {
    const key = `/shop.Orders/${name} ${code}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  type Unary = (error: Partial<ServiceError> | null, value?: Buffer) => void;
  const server = new Server({ 'grpc.max_concurrent_streams': 500 });
  server.addService(service, {
    get: (call: ServerUnaryCall<Buffer, Buffer>, done: Unary) => {
      note('Get', status.OK);
      call.sendMetadata(call.metadata);
      done(null, Buffer.alloc(2000, 'g'));
    },
    fail: (call: ServerUnaryCall<Buffer, Buffer>, done: Unary) => {
      const code = CODES[(call.request[0] ?? 0) % CODES.length] as status;
      note('Fail', code);
      done({ code, details: 'no such order: '.repeat(20) });
    },
    list: (call: ServerWritableStream<Buffer, Buffer>) => {
      note('List', status.OK);
      for (let i = 0; i < 50; i++) call.write(Buffer.alloc(3000, 'l'));
      call.end();
    },
    upload: (call: ServerReadableStream<Buffer, Buffer>, done: Unary) => {
      call.resume();
      call.on('end', () => {
        note('Upload', status.OK);
        done(null, Buffer.from('taken'));
      });
    },
    chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (bytes: Buffer) => call.write(bytes));
      call.on('end', () => {
        note('Chat', status.ABORTED);
        call.emit('error', { code: status.ABORTED, details: 'enough' });
      });
    },
  });
  process.on('SIGUSR1', () => process.stdout.write(`counts ${JSON.stringify(Object.fromEntries(counts))}\n`));
  server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), () => process.stdout.write('ready\n'));
}

async function callAll(host: string, port: number): Promise<void> {
  await Promise.all([1, 2, 3].map((number) => callAs(number, host, port)));
}

/** One connection with many streams at a time. */
async function callAs(number: number, host: string, port: number): Promise<void> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const options: CallOptions = { deadline: Date.now() + 20_000 };
  const kinds = [unary, fail, list, upload, chat] as const;
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < 300; i = next++) {
      const metadata = new Metadata();
      metadata.set('number', `${number}-${i}`);
      // Beyond what one part of a capture holds, and beyond one frame of headers.
      if (i % 50 === 0) metadata.set('large', 'm'.repeat(i % 100 === 0 ? 3000 : 7000));
      await (kinds[i % 7] ?? unary)(client, metadata, options, i);
    }
  };
  await Promise.all(Array.from({ length: 60 }, worker));
  client.close();
}

type Call = (client: Client, metadata: Metadata, options: CallOptions, i: number) => Promise<void>;

function unaryOf(path: string): Call {
  return (client, metadata, options, i) =>
    new Promise((resolve) => {
      const body = Buffer.alloc(i % 3 === 0 ? 20_000 : 20, i);
      client.makeUnaryRequest(path, same, same, body, metadata, options, () => resolve());
    });
}
const unary = unaryOf(service.get.path);
const fail = unaryOf(service.fail.path);

const list: Call = (client, metadata, options) =>
  new Promise((resolve) => {
    const call = client.makeServerStreamRequest(service.list.path, same, same, Buffer.alloc(5), metadata, options);
    call.resume();
    call.on('status', () => resolve());
    call.on('error', () => {});
  });

const upload: Call = (client, metadata, options) =>
  new Promise((resolve) => {
    const call = client.makeClientStreamRequest(service.upload.path, same, same, metadata, options, () => resolve());
    for (let i = 0; i < 20; i++) call.write(Buffer.alloc(2500, 'u'));
    call.end();
  });

const chat: Call = (client, metadata, options) =>
  new Promise((resolve) => {
    const call = client.makeBidiStreamRequest(service.chat.path, same, same, metadata, options);
    call.resume();
    call.on('status', () => resolve());
    call.on('error', () => {});
    for (let i = 0; i < 10; i++) call.write(Buffer.alloc(100, 'c'));
    call.end();
  });

const [role = '', ...rest] = process.argv.slice(2);
if (role === 'serve') await serve(Number(rest[0]));
else await callAll(rest[0] ?? '', Number(rest[1]));
