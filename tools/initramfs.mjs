// The archive that a kernel unpacks for its first root file system: cpio's "newc" form
// (Documentation/driver-api/early-userspace/buffer-format.rst).

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;

/** @param entries {path, bytes}; a path that ends in "/" is an empty folder. Folders above are made as they are needed. */
export function archive(entries) {
  const parts = [];
  const made = new Set();
  const add = (path, mode, bytes) => {
    made.add(path);
    const name = Buffer.from(`${path}\0`);
    // inode, mode, owner, group, links, time, size, device (major, minor), its own device (two), length of the name, check
    const fields = [made.size, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    parts.push(padded(Buffer.concat([header, name])), padded(bytes));
  };
  for (const { path, bytes = Buffer.alloc(0) } of entries) {
    const steps = path.split('/');
    for (let depth = 1; depth < steps.length; depth++) {
      const above = steps.slice(0, depth).join('/');
      if (!made.has(above)) add(above, DIRECTORY, Buffer.alloc(0));
    }
    if (!path.endsWith('/')) add(path, PROGRAM, bytes);
  }
  add('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}

function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
