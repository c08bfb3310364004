import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { TreeDocument, TreeNode } from "../../src/view/documents.ts";
import { extentOf, linearScale } from "../../src/view/draw/scale.ts";
import { pathOf, useDocument } from "./data.ts";
import { JsonLink, numberText, Outcome, Ready, Section } from "./parts.tsx";
import { go, href } from "./route.ts";

const lineHeight = 26;

/** `#RUN/~tree`: where rollouts part, and what each came to. */
export function TreeView({ id }: { readonly id: string }): JSX.Element {
  const loaded = useDocument<TreeDocument>(pathOf("tree", id));
  return (
    <>
      <h1>
        <a href={href(id)}>{id}</a> · branches
      </h1>
      <JsonLink path={pathOf("tree", id)} />
      <Ready of={loaded}>
        {({ nodes }) => (nodes.length === 0 ? <Nothing id={id} /> : <Tree nodes={nodes} own={id} />)}
      </Ready>
    </>
  );
}

function Nothing({ id }: { readonly id: string }): JSX.Element {
  return (
    <p class="quiet">
      Nothing branches from the rollouts of {id}. <code>sameseed branch DIR --seed N --step K</code> goes on
      from a step another way.
    </p>
  );
}

function Tree({ nodes, own }: { readonly nodes: readonly TreeNode[]; readonly own: string }): JSX.Element {
  const [picked, setPicked] = useState<readonly number[]>([]);
  const pick = (at: number): void =>
    setPicked(picked.includes(at) ? picked.filter((other) => other !== at) : [...picked, at].slice(-2));
  const [a, b] = picked.map((at) => nodes[at]);
  const canCompare = a !== undefined && b !== undefined && a.from === b.from;
  return (
    <>
      <div class="wide-box" tabIndex={0} role="group" aria-label="branch tree">
        <Picture nodes={nodes} own={own} picked={picked} onPick={pick} />
      </div>
      <p class="bar-row">
        <button
          type="button"
          disabled={!canCompare}
          onClick={() => canCompare && go(href(a.id, a.key, "~diff", b.id, b.key))}
        >
          Compare the two that are chosen
        </button>
        <span class="quiet" role="status">
          {picked.length < 2
            ? "Choose two that start at the same step."
            : canCompare
              ? ""
              : "Those two start at different steps."}
        </span>
      </p>
      <Section title="The same as a table">
        <div class="wide-box" tabIndex={0} role="group" aria-label="branches as a table">
          <Table nodes={nodes} picked={picked} onPick={pick} />
        </div>
      </Section>
    </>
  );
}

interface TreeProps {
  readonly nodes: readonly TreeNode[];
  readonly picked: readonly number[];
  readonly onPick: (at: number) => void;
}

function Picture({ nodes, own, picked, onPick: pick }: TreeProps & { readonly own: string }): JSX.Element {
  const [, most] = extentOf(nodes.map(({ to }) => to));
  const width = 860;
  const x = linearScale([0, most], [20, width - 190]);
  const height = nodes.length * lineHeight + 36;
  const y = (at: number): number => 30 + at * lineHeight;
  return (
    <svg class="tree" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {x.ticks.map((tick) => (
        <>
          <path class="grid-line" d={`M${x.at(tick)} 18V${height}`} />
          <text class="quiet" x={x.at(tick)} y={12} text-anchor="middle">
            {tick}
          </text>
        </>
      ))}
      {nodes.map((node, at) => (
        <>
          {node.parent !== null && <path class="axis" d={`M${x.at(node.from)} ${y(node.parent)}V${y(at)}`} />}
          <path
            class={`line ${node.id === own ? "own" : ""}`}
            d={`M${x.at(node.from)} ${y(at)}H${x.at(node.to)}`}
            onClick={() => go(href(node.id, node.key))}
          />
          <circle
            class={picked.includes(at) ? "dot picked" : "dot"}
            cx={x.at(node.to)}
            cy={y(at)}
            r={5}
            onClick={() => pick(at)}
          />
          <text class="label" x={x.at(node.to) + 10} y={y(at) + 4}>
            {node.id.split("/").at(-1)} {node.key}: {numberText(node.totalReward)}
          </text>
        </>
      ))}
    </svg>
  );
}

function Table({ nodes, picked, onPick: pick }: TreeProps): JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          <th>choose</th>
          <th>rollout</th>
          <th>from step</th>
          <th>to step</th>
          <th>outcome</th>
          <th>return</th>
          <th>re-keyed by</th>
          <th>prefix</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node, at) => (
          <tr>
            <td>
              <input
                type="checkbox"
                aria-label={`choose ${node.id} ${node.key}`}
                checked={picked.includes(at)}
                onChange={() => pick(at)}
              />
            </td>
            <td>
              <a href={href(node.id, node.key)}>{`${node.id} ${node.key}`}</a>
            </td>
            <td class="right">{node.from}</td>
            <td class="right">{node.to}</td>
            <td>
              <Outcome name={node.outcome} />
            </td>
            <td class="right">{numberText(node.totalReward)}</td>
            <td class="right">{node.reseed ?? "–"}</td>
            <td class="digest">{node.prefix?.slice(7, 23) ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
