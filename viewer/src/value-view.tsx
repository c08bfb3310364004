import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { ValueDocument } from "../../src/view/documents.ts";
import { linePlot } from "../../src/view/draw/plots.ts";
import { extentOf } from "../../src/view/draw/scale.ts";
import { bytesOf, pathOf, useDocument } from "./data.ts";
import { FigureView } from "./figure.tsx";
import { JsonLink, Ready } from "./parts.tsx";

const bytesPerLine = 16;
const linesFirst = 16;
/** The most elements that are drawn as a line. */
const lineMost = 4096;

interface ValueViewProps {
  readonly id: string;
  readonly rollout: string;
  readonly step: number;
  readonly field: string;
  /** The bytes of the other side; those that differ are marked. */
  readonly other?: string | undefined;
}

/** One field of one record, whole: value, picture, bytes. */
export function ValueView({ id, rollout, step, field, other }: ValueViewProps): JSX.Element {
  const path = pathOf("value", id, rollout, step, field);
  const loaded = useDocument<ValueDocument>(path);
  return (
    <Ready of={loaded}>
      {(value) => (
        <div class="value">
          <p>
            <strong>{field}</strong> <span class="badge">{value.type}</span> {value.length} bytes{" "}
            <JsonLink path={path} />
          </p>
          <ArrayPicture value={value} />
          {value.value === null && value.type !== "null" ? (
            <p class="quiet">Too large to show as text; its bytes are below.</p>
          ) : (
            <WholeText text={JSON.stringify(value.value, undefined, 1)} />
          )}
          <Hex value={value} other={other} />
          <p class="quiet digest">{value.digest}</p>
        </div>
      )}
    </Ready>
  );
}

/** A text that may be long: its beginning, and all of it when asked for. */
export function WholeText({ text }: { readonly text: string }): JSX.Element {
  const most = 4000;
  const [isWhole, setWhole] = useState(false);
  const isCut = text.length > most && !isWhole;
  return (
    <>
      <pre tabIndex={0}>{isCut ? text.slice(0, most) : text}</pre>
      {isCut && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {text.length} characters
        </button>
      )}
    </>
  );
}

function Hex({
  value,
  other,
}: {
  readonly value: ValueDocument;
  readonly other: string | undefined;
}): JSX.Element {
  const [lines, setLines] = useState(linesFirst);
  const bytes = bytesOf(value.bytes);
  const beside = other === undefined ? undefined : bytesOf(other);
  const count = Math.ceil(bytes.length / bytesPerLine);
  return (
    <details open={other !== undefined}>
      <summary>Bytes{bytes.length < value.length ? `, the first ${bytes.length}` : ""}</summary>
      <pre class="hex" tabIndex={0} aria-label={`bytes of ${value.field}`}>
        {Array.from({ length: Math.min(lines, count) }, (_, line) => hexLine(bytes, beside, line))}
      </pre>
      {count > lines && (
        <button type="button" onClick={() => setLines(lines * 16)}>
          Show more of {count} lines
        </button>
      )}
    </details>
  );
}

function hexLine(bytes: Uint8Array, beside: Uint8Array | undefined, line: number): JSX.Element {
  const start = line * bytesPerLine;
  const part = Array.from(bytes.subarray(start, start + bytesPerLine));
  return (
    <>
      <span class="quiet">{start.toString(16).padStart(6, "0")} </span>
      {part.map((byte, at) => {
        const text = ` ${byte.toString(16).padStart(2, "0")}`;
        return beside !== undefined && beside[start + at] !== byte ? <mark>{text}</mark> : text;
      })}
      {"\n"}
    </>
  );
}

/** An array as a line, a heat map or an image, by its shape. */
function ArrayPicture({ value }: { readonly value: ValueDocument }): JSX.Element | null {
  const { array } = value;
  if (array === undefined) return null;
  const numbers = numbersOf(array.dtype, bytesOf(array.data));
  const { shape } = array;
  if (numbers === undefined || numbers.length < 2) return null;
  const channels = shape.length === 3 ? (shape[2] ?? 0) : 1;
  const isImage = shape.length === 3 && [1, 3, 4].includes(channels) && array.dtype === "uint8";
  if (isImage || shape.length === 2)
    return (
      <Raster
        numbers={numbers}
        height={shape[0] ?? 0}
        width={shape[1] ?? 0}
        channels={isImage ? channels : 1}
        isImage={isImage}
        name={value.field}
      />
    );
  if (shape.length !== 1 || numbers.length > lineMost) return null;
  const x = Array.from({ length: numbers.length }, (_, at) => at);
  const values = Array.from(numbers, (number) => (Number.isFinite(number) ? number : null));
  return (
    <FigureView
      figure={linePlot({
        width: 460,
        height: 160,
        title: `${value.field} ${value.type}`,
        unit: "element",
        x,
        lines: [{ name: value.field, values }],
      })}
    />
  );
}

interface RasterProps {
  readonly numbers: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly isImage: boolean;
  readonly name: string;
}

function Raster({ numbers, height, width, channels, isImage, name }: RasterProps): JSX.Element | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === undefined || context === null || width * height === 0) return;
    const image = context.createImageData(width, height);
    const [low, high] = isImage ? [0, 255] : extentOf(Array.from(numbers).filter(Number.isFinite));
    for (let at = 0; at < width * height; at++) {
      const level = (channel: number): number =>
        (((numbers[at * channels + channel] ?? 0) - low) / (high - low || 1)) * 255;
      const grey = level(0);
      image.data[at * 4] = grey;
      image.data[at * 4 + 1] = channels >= 3 ? level(1) : grey;
      image.data[at * 4 + 2] = channels >= 3 ? level(2) : grey;
      image.data[at * 4 + 3] = channels === 4 ? level(3) : 255;
    }
    context.putImageData(image, 0, 0);
  }, [numbers]);
  if (width * height > 16_000_000) return null;
  const scale = Math.max(1, Math.floor(320 / Math.max(width, height, 1)));
  return (
    <canvas
      ref={canvas}
      class="raster"
      width={width}
      height={height}
      style={{ width: `${width * scale}px` }}
      role="img"
      aria-label={`${name}: ${width} by ${height}${isImage ? ", an image" : ", dark is low"}`}
    />
  );
}

function numbersOf(dtype: string, bytes: Uint8Array<ArrayBuffer>): ArrayLike<number> | undefined {
  const { buffer } = bytes;
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "uint8":
    case "bool":
      return bytes;
    case "int8":
      return new Int8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "uint16":
      return new Uint16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "int64":
      return Array.from(new BigInt64Array(buffer), Number);
    case "uint64":
      return Array.from(new BigUint64Array(buffer), Number);
    default:
      return undefined;
  }
}
