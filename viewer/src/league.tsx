import type { JSX } from "preact";

import type { LeagueViewDocument } from "../../src/view/contest-documents.ts";
import { intervalPlot } from "../../src/view/draw/plots.ts";
import { pathOf, useDocument, useLive } from "./data.ts";
import { FigureView } from "./figure.tsx";
import { Command, JsonLink, numberText, Ready, Section, WideTable } from "./parts.tsx";
import { href } from "./route.ts";

interface Table {
  readonly ratings?: {
    readonly ratings: readonly {
      readonly player: string;
      readonly elo: number;
      readonly low: number;
      readonly high: number;
    }[];
  };
  readonly players: readonly {
    readonly player: string;
    readonly wins: number;
    readonly draws: number;
    readonly losses: number;
    readonly faults: Readonly<Record<string, number>>;
  }[];
  readonly payoffs: readonly (readonly ({
    readonly x: string;
    readonly o: string;
    readonly meanReturn: number | null;
    readonly games: number;
  } | null)[])[];
  readonly games: number;
  readonly infra: number;
}

/** `#LEAGUE` */
export function LeagueView({ id }: { readonly id: string }): JSX.Element {
  const loaded = useDocument<LeagueViewDocument>(pathOf("league", id));
  useLive(id);
  return <Ready of={loaded}>{(league) => <League league={league} />}</Ready>;
}

function League({ league }: { readonly league: LeagueViewDocument }): JSX.Element {
  const { id, dir, game, pairings } = league;
  const table = league.table as unknown as Table;
  const ratings = table.ratings?.ratings ?? [];
  const linkOf = (x: string, o: string): string | undefined =>
    pairings.find(({ a, b }) => (a === x && b === o) || (a === o && b === x))?.id;
  return (
    <>
      <h1>{id}</h1>
      <p class="quiet">
        {game} · {table.games} games · {table.infra} the host could not play{" "}
        <JsonLink path={pathOf("league", id)} />
      </p>
      <Command words={["verify", dir]} what="plays everything again and compares every byte" />
      <div class="figures">
        <FigureView
          figure={intervalPlot(
            ratings.map(({ player, elo, low, high }) => ({ name: player, value: elo, low, high })),
            { title: "Ratings", unit: "Elo", zero: 0, width: 560 },
          )}
        />
      </div>
      <Section title="Who won against whom">
        <WideTable
          label="cross table"
          columns={["X, against O", ...table.players.map(({ player }) => player)]}
          class="cross"
        >
          {table.payoffs.map((row, at) => (
            <tr>
              <th scope="row">{table.players[at]?.player}</th>
              {row.map((payoff) => {
                const link = payoff === null ? undefined : linkOf(payoff.x, payoff.o);
                const text = payoff === null ? "·" : numberText(payoff.meanReturn);
                return <td class="right">{link === undefined ? text : <a href={href(link)}>{text}</a>}</td>;
              })}
            </tr>
          ))}
        </WideTable>
      </Section>
      <Games players={table.players} />
    </>
  );
}

function Games({ players }: Pick<Table, "players">): JSX.Element {
  return (
    <Section title="Games">
      <WideTable label="Games" columns={["player", "wins", "draws", "losses", "forfeits by fault"]}>
        {players.map(({ player, wins, draws, losses, faults }) => (
          <tr>
            <td>{player}</td>
            <td class="right">{wins}</td>
            <td class="right">{draws}</td>
            <td class="right">{losses}</td>
            <td>
              {Object.entries(faults)
                .map(([fault, count]) => `${count} ${fault}`)
                .join(", ")}
            </td>
          </tr>
        ))}
      </WideTable>
    </Section>
  );
}
