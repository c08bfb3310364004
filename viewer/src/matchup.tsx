import type { JSX } from "preact";

import type { MatchupViewDocument } from "../../src/view/contest-documents.ts";
import { barPlot, intervalPlot, linePlot, type MarkedMean } from "../../src/view/draw/plots.ts";
import { shortNumber } from "../../src/view/draw/scale.ts";
import { pathOf, useDocument, useLive } from "./data.ts";
import { FigureView } from "./figure.tsx";
import { Command, JsonLink, numberText, Ready, Section, WideTable } from "./parts.tsx";
import { href } from "./route.ts";

interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly method: string;
}

interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A report's seat. */
interface SeatLine {
  readonly games: number;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  readonly meanReturn: number | null;
}

/** What a matchup's report holds, of what is shown. */
interface Report extends SeatLine {
  readonly env: string;
  readonly x: string;
  readonly o: string;
  readonly distinct: number;
  readonly units: number;
  readonly effective: number;
  readonly interval: Interval | null;
  readonly infra: number;
  readonly unpaired: number;
  readonly perSeat: { readonly x: SeatLine; readonly o: SeatLine | null };
}

interface StrengthLine {
  readonly better: { readonly value: number; readonly interval: Interval } | null;
  readonly elo: Estimate | null;
  readonly nelo: Estimate | null;
  readonly los: number | null;
  readonly pentanomial: readonly number[];
}

/** `#MATCHUP` */
export function MatchupView({ id }: { readonly id: string }): JSX.Element {
  const loaded = useDocument<MatchupViewDocument>(pathOf("matchup", id));
  useLive(id);
  return <Ready of={loaded}>{(matchup) => <Matchup matchup={matchup} />}</Ready>;
}

function Matchup({ matchup }: { readonly matchup: MatchupViewDocument }): JSX.Element {
  const { id, dir, legs, forfeits, path } = matchup;
  const report = matchup.report as unknown as Report;
  const strength = matchup.strength as unknown as StrengthLine | null;
  const { x, o, env, games, meanReturn, interval } = report;
  const last = path.at(-1);
  return (
    <>
      <h1>
        {x} v {o}
      </h1>
      <p class="quiet">
        {env} · {games} games, {report.distinct} distinct · {report.units}{" "}
        {legs[1] === "" ? "games" : "pairs"}, {report.effective} of them independent ·{" "}
        <JsonLink path={pathOf("matchup", id)} />
      </p>
      <p>
        <strong>
          mean return of {x} {numberText(meanReturn)}
        </strong>
        {interval !== null &&
          ` [${shortNumber(interval.low)}, ${shortNumber(interval.high)}] ${Math.round(interval.level * 100)} %, ${interval.method}`}
        {report.infra > 0 && (
          <span class="trouble">
            {" "}
            · {report.infra} games the host could not play, {report.unpaired} left out with them
          </span>
        )}
      </p>
      <p>
        <Command words={["verify", dir]} what="plays everything again and compares every byte" />
      </p>
      <MatchupFigures matchup={matchup} report={report} strength={strength} />
      {strength !== null && <StrengthLines strength={strength} verdict={last?.verdict} />}
      <SeatTable report={report} legs={legs} />
      <Parted matchup={matchup} x={x} />
      {forfeits.length > 0 && (
        <Section title="Forfeits">
          <ul class="plain">
            {forfeits.map(({ seed, game, by, fault, message, leg, key }) => (
              <li>
                <a href={href(leg, key)}>
                  seed {seed}, game {game}
                </a>
                , {x} at the {leg === legs[0] ? "first" : "second"} seat : {by === "x" ? x : o} by{" "}
                <strong>{fault}</strong>: {message}
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function StrengthLines({
  strength,
  verdict,
}: {
  readonly strength: StrengthLine;
  readonly verdict: string | undefined;
}): JSX.Element {
  const { elo, nelo, los, pentanomial } = strength;
  const words =
    verdict === "elo1" ? "the better one" : verdict === "elo0" ? "not the better one" : "undecided";
  return (
    <p>
      {elo !== null &&
        `Elo ${shortNumber(Math.round(elo.value))} [${Math.round(elo.low)}, ${Math.round(elo.high)}] · `}
      {nelo !== null && `nElo ${Math.round(nelo.value)} · `}
      {los !== null && `likelihood of superiority ${(los * 100).toFixed(1)} % · `}
      pairs by points [{pentanomial.join(", ")}] · sequential test: {words}
    </p>
  );
}

function intervalsOf(
  report: Report,
  strength: StrengthLine | null,
): (MarkedMean & { readonly name: string })[] {
  const rows: (MarkedMean & { readonly name: string })[] = [];
  const { interval, meanReturn } = report;
  if (interval !== null && meanReturn !== null)
    rows.push({ name: "mean return", value: meanReturn, low: interval.low, high: interval.high });
  const better = strength?.better;
  if (better !== undefined && better !== null)
    rows.push({
      name: "P(A > B)",
      value: better.value,
      low: better.interval.low,
      high: better.interval.high,
    });
  return rows;
}

/** Points of a pair of games, as people write them. */
const pointNames = ["0", "½", "1", "1½", "2"];

function pairPoints(counts: readonly number[]): { readonly name: string; readonly value: number }[] {
  return counts.map((value, points) => ({ name: pointNames[points] ?? "", value }));
}

function SeatTable({
  report,
  legs,
}: {
  readonly report: Report;
  readonly legs: readonly string[];
}): JSX.Element {
  const rows = [report.perSeat.x, report.perSeat.o].flatMap((seat, at) =>
    seat === null ? [] : [{ seat, at }],
  );
  return (
    <Section title="By seat">
      <WideTable label="By seat" columns={[`${report.x} at`, "wins", "draws", "losses", "mean", "games"]}>
        {rows.map(({ seat, at }) => (
          <tr>
            <td>{at === 0 ? "first seat" : "second seat"}</td>
            <td class="right">{seat.wins}</td>
            <td class="right">{seat.draws}</td>
            <td class="right">{seat.losses}</td>
            <td class="right">{numberText(seat.meanReturn)}</td>
            <td class="right">
              {legs[at] === undefined || legs[at] === "" ? (
                seat.games
              ) : (
                <a href={href(legs[at])}>{seat.games}</a>
              )}
            </td>
          </tr>
        ))}
      </WideTable>
    </Section>
  );
}

/** The pairs that say most, a link to each game. */
function Parted({ matchup, x }: { readonly matchup: MatchupViewDocument; readonly x: string }): JSX.Element {
  const { parted, legs } = matchup;
  return (
    <Section title="Pairs in which the two part most">
      <WideTable label="pairs" columns={["seed", "pair", `${x} at the first seat`, "at the second"]}>
        {parted.slice(0, 20).map(({ seed, game, scores, keys }) => (
          <tr>
            <td class="right">{seed}</td>
            <td class="right">{game}</td>
            {[0, 1].map((leg) => (
              <td class="right">
                {scores[leg] !== undefined && legs[leg] !== undefined && (
                  <a href={href(legs[leg], keys[leg] ?? 0)}>{numberText(scores[leg])}</a>
                )}
              </td>
            ))}
          </tr>
        ))}
      </WideTable>
    </Section>
  );
}

interface MatchupFiguresProps {
  readonly matchup: MatchupViewDocument;
  readonly report: Report;
  readonly strength: StrengthLine | null;
}

function MatchupFigures({ matchup, report, strength }: MatchupFiguresProps): JSX.Element {
  const { path } = matchup;
  const { x } = report;
  const last = path.at(-1);
  return (
    <div class="figures">
      <FigureView
        figure={intervalPlot(intervalsOf(report, strength), {
          title: "Per game",
          unit: "mean return, or P(A > B)",
          zero: 0,
          width: 460,
        })}
      />
      {strength !== null && (
        <FigureView
          figure={barPlot(pairPoints(strength.pentanomial), {
            title: `Points of ${x} in a pair`,
            unit: "pairs",
            width: 460,
          })}
        />
      )}
      {last !== undefined && (
        <FigureView
          figure={linePlot({
            width: 460,
            height: 220,
            title: "Sequential test (nElo 0 against 50)",
            unit: "pairs",
            x: path.map(({ pairs }) => pairs),
            lines: [{ name: "log-likelihood ratio", values: path.map(({ llr }) => llr) }],
            bounds: [
              { name: "better", value: last.high },
              { name: "not better", value: last.low },
            ],
          })}
        />
      )}
    </div>
  );
}
