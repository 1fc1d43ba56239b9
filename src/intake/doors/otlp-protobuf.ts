import { PbfReader } from 'pbf';
import type { OtlpAttributes, OtlpRecord } from './otlp-record.ts';

/**
 * `ExportLogsServiceRequest` from its protobuf. Fields that are not needed are passed over.
 *
 * Source: opentelemetry-proto 1.x, collector/logs/v1/logs_service.proto, logs/v1/logs.proto, common/v1/common.proto.
 *
 * @throws if the bytes are no protobuf
 */
export function readProtobuf(bytes: Uint8Array): OtlpRecord[] {
  const records: OtlpRecord[] = [];
  new PbfReader(bytes).readFields((field, _request, pbf) => {
    if (field === 1) pbf.readMessage(readResourceLogs, { resource: {}, records });
  }, null);
  return records;
}

interface ResourceLogs {
  resource: OtlpAttributes;
  readonly records: OtlpRecord[];
}

function readResourceLogs(field: number, logs: ResourceLogs, pbf: PbfReader): void {
  if (field === 1) logs.resource = pbf.readMessage(readAttributesAt1, {});
  else if (field === 2)
    pbf.readMessage((inner, own, scope) => {
      if (inner === 2) own.records.push(readRecord(scope, own.resource));
    }, logs);
}

function readRecord(pbf: PbfReader, resource: OtlpAttributes): OtlpRecord {
  const attributes: OtlpAttributes = {};
  const record = { resource, attributes, body: null as unknown, at: null as number | null, severity: '', event: '' };
  pbf.readMessage((field, own, inner) => {
    if (field === 1 || field === 11) {
      const nanos = inner.readFixed64();
      // The time of the event before the time at which it was seen.
      if (nanos > 0 && (field === 1 || own.at === null)) own.at = Math.floor(nanos / 1e6);
    } else if (field === 3) own.severity = inner.readString();
    else if (field === 5) own.body = readAny(inner, 0);
    else if (field === 6) readAttribute(inner, own.attributes, 0);
    else if (field === 12) own.event = inner.readString();
  }, record);
  return record;
}

function readAttributesAt1(field: number, attributes: OtlpAttributes, pbf: PbfReader): void {
  if (field === 1) readAttribute(pbf, attributes, 0);
}

function readAttribute(pbf: PbfReader, into: OtlpAttributes, depth: number): void {
  const pair = pbf.readMessage(
    (field, own: { key: string; value: unknown }, inner) => {
      if (field === 1) own.key = inner.readString();
      else if (field === 2) own.value = readAny(inner, depth + 1);
    },
    { key: '', value: null },
  );
  if (pair.key !== '__proto__') into[pair.key] = pair.value;
}

const MAX_DEPTH = 40;

function readAny(pbf: PbfReader, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
  return pbf.readMessage(
    (field, own: { value: unknown }, inner) => {
      if (field === 1) own.value = inner.readString();
      else if (field === 2) own.value = inner.readBoolean();
      else if (field === 3) own.value = inner.readVarint(true);
      else if (field === 4) own.value = inner.readDouble();
      else if (field === 5) own.value = readList(inner, depth + 1);
      else if (field === 6) own.value = readMap(inner, depth + 1);
      else if (field === 7) own.value = Buffer.from(inner.readBytes()).toString('base64');
    },
    { value: null },
  ).value;
}

function readList(pbf: PbfReader, depth: number): unknown[] {
  return pbf.readMessage((field, values: unknown[], inner) => {
    if (field === 1) values.push(readAny(inner, depth));
  }, []);
}

function readMap(pbf: PbfReader, depth: number): OtlpAttributes {
  return pbf.readMessage((field, map: OtlpAttributes, inner) => {
    if (field === 1) readAttribute(inner, map, depth);
  }, {});
}
