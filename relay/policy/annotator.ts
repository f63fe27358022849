// Adds to each flow what the policies in force say of it. Works on bytes; a flow is decoded only the first time its ends,
// protocol and port meet, or where its source named policies of its own, or a rule asks for the request.

import { decodeKept } from '#observer/kept-message.ts';
import { type Annotation, annotateFlow, policiesOf } from '#policy/annotation.ts';
import { type JudgedFlow, judgeFlow } from '#policy/observed-flow.ts';
import type { PolicySet } from '#policy/policy-set.ts';
import { type Direction, type DirectionVerdict, policyReference } from '#policy/rule.ts';
import { PolicyExplanation_Agreement as Agreement, FlowReason } from '#proto/gen/parallax/v1/flow_details.ts';
import { FlowLayout } from './flow-layout.ts';
import { type Addition, Splicer, serialiseAddition } from './splice.ts';

/** Answers kept in each of two generations: keys and bytes of about 2 KB each, so 64 MB at most. */
const maxAnswers = 16_384;

/** Reports that come again and again while a connection lasts: left without an explanation, to spare the ring. */
const recurring: ReadonlySet<number> = new Set([FlowReason.FLOW_REASON_TICK, FlowReason.FLOW_REASON_IDLE]);
/** Reports about a connection whose opening was counted already. */
const repeats: ReadonlySet<number> = new Set([
  FlowReason.FLOW_REASON_TCP_FLAGS,
  FlowReason.FLOW_REASON_TICK,
  FlowReason.FLOW_REASON_CLOSED,
  FlowReason.FLOW_REASON_IDLE,
]);

/** One direction of one decided flow, as the tally of policies takes it. */
export interface Decided {
  readonly direction: Direction;
  readonly outcome: 'allowed' | 'denied' | 'not enforced';
  /** `Kind:namespace/name path` of the rules that decided. */
  readonly rules: readonly string[];
  /** `Kind:namespace/name` of the policies that decided, by a rule or by isolating. */
  readonly policies: readonly string[];
  /** Namespace and workload of the pod that policies were asked for. */
  readonly subject: string;
  readonly isEnforced: boolean;
}

interface Answer {
  /** Undefined where policy has nothing to say of such flows. */
  readonly addition: Addition | undefined;
  readonly asksRequest: boolean;
  readonly isDenied: boolean;
  readonly decided: readonly Decided[];
  readonly agreement: Agreement;
}

export interface AnnotatorCounters {
  annotated: number;
  /** Left as they came: no policy flow, a repeated report, or explained by a relay before. */
  passed: number;
  /** Decoded, since no kept answer fitted. */
  evaluated: number;
  /** Flows that could not be read. */
  failed: number;
  readonly byAgreement: number[];
}

export function newCounters(): AnnotatorCounters {
  return { annotated: 0, passed: 0, evaluated: 0, failed: 0, byAgreement: [] };
}

export class Annotator {
  readonly counters: AnnotatorCounters;
  readonly #set: PolicySet;
  readonly #onDecided: (decided: Decided) => void;
  readonly #layout = new FlowLayout();
  readonly #splicer = new Splicer();
  #young = new Map<string, Answer>();
  #old = new Map<string, Answer>();

  /** @param counters go on counting where another annotator left off */
  constructor(set: PolicySet, onDecided: (decided: Decided) => void = () => undefined, counters = newCounters()) {
    this.#set = set;
    this.#onDecided = onDecided;
    this.counters = counters;
  }

  /**
   * The message with what is added, valid until the next call; undefined where nothing is. Costs a pass over the flow's
   * fields and a copy; some 30 us where the flow must be decoded.
   */
  annotate(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const layout = this.#layout;
    try {
      layout.scan(bytes, start, end);
      if (!layout.isFlow || layout.hasExplanation) return this.#pass();
      const isRepeat = repeats.has(layout.reason);
      // Those of a connection that should not be are worth saying again: they show that it got through.
      const answer = this.#answer(bytes, start, end);
      if (answer.addition === undefined || (recurring.has(layout.reason) && !answer.isDenied)) return this.#pass();
      this.counters.annotated += 1;
      this.counters.byAgreement[answer.agreement] = (this.counters.byAgreement[answer.agreement] ?? 0) + 1;
      this.#tell(answer, isRepeat);
      return this.#splicer.splice(bytes, start, end, layout, answer.addition);
    } catch {
      // Damaged bytes are the ring's to refuse; here they only go without an annotation.
      this.counters.failed += 1;
      return undefined;
    }
  }

  #pass(): undefined {
    this.counters.passed += 1;
    return undefined;
  }

  /** Each direction is counted where it is enforced: a connection seen at both ends would count twice. */
  #tell({ decided }: Answer, isRepeat: boolean): void {
    const { direction, isReply, reason } = this.#layout;
    if (isReply) return;
    const view = direction === 2 ? 'egress' : 'ingress';
    for (const each of decided) {
      // That a connection got through is known when it ends; its opening proves nothing yet.
      const isLate = each.outcome === 'not enforced' && reason === FlowReason.FLOW_REASON_CLOSED;
      if (each.direction === view && (!isRepeat || isLate)) this.#onDecided(each);
    }
  }

  #answer(bytes: Uint8Array, start: number, end: number): Answer {
    const { key, hasPolicyNames, hasL7 } = this.#layout;
    if (hasPolicyNames) return this.#evaluate(bytes, start, end);
    let answer = this.#young.get(key);
    if (answer === undefined) {
      answer = this.#old.get(key) ?? this.#evaluate(bytes, start, end);
      if (this.#young.size >= maxAnswers) {
        this.#old = this.#young;
        this.#young = new Map();
      }
      this.#young.set(key, answer);
    }
    return answer.asksRequest && hasL7 ? this.#evaluate(bytes, start, end) : answer;
  }

  #evaluate(bytes: Uint8Array, start: number, end: number): Answer {
    this.counters.evaluated += 1;
    const response = decodeKept(bytes.subarray(start, end))?.responseTypes;
    const flow = response?.$case === 'flow' ? response.value : undefined;
    const judged = flow && judgeFlow(this.#set, flow);
    if (flow === undefined || judged === undefined) return nothingToSay;
    const annotation = annotateFlow(this.#set, judged, flow);
    return {
      addition: serialiseAddition(annotation),
      asksRequest: asksRequest(this.#set, judged),
      isDenied: judged.verdict.verdict === 'denied',
      decided: this.#decided(judged, annotation),
      agreement: annotation.explanation.agreement,
    };
  }

  #decided(judged: JudgedFlow, { explanation }: Annotation): Decided[] {
    const { verdict } = judged;
    return (['egress', 'ingress'] as const).flatMap((direction): Decided[] => {
      const own = verdict[direction];
      const subject = judged.flow[direction === 'egress' ? 'source' : 'destination'];
      const isUncertain = judged.doubts.some((doubt) => doubt.direction === direction && doubt.kind !== 'request');
      if (own === undefined || subject.kind !== 'pod' || isUncertain) return [];
      const outcome = outcomeOf(own, explanation.agreement);
      if (outcome === undefined) return [];
      return [
        {
          direction,
          outcome,
          rules: own.decisions.map(({ section, entry }) => `${policyReference(section.policy)} ${entry.path}`),
          policies: policiesOf(this.#set, direction, judged, own).map(policyReference),
          subject: `${subject.pod.namespace}/${subject.pod.name}`,
          isEnforced: own.enforced,
        },
      ];
    });
  }
}

const nothingToSay: Answer = {
  addition: undefined,
  asksRequest: false,
  isDenied: false,
  decided: [],
  agreement: Agreement.UNKNOWN,
};

/** Undefined for a packet that policy denies and that was seen before it met its end: the drop is counted. */
function outcomeOf(verdict: DirectionVerdict, agreement: Agreement): Decided['outcome'] | undefined {
  if (verdict.verdict === 'allowed') return 'allowed';
  if (agreement === Agreement.UNCERTAIN) return undefined;
  return agreement === Agreement.NOT_ENFORCED ? 'not enforced' : 'denied';
}

/** Some rule that applies here goes by the request, so requests of one connection may be answered differently. */
function asksRequest(set: PolicySet, { flow }: JudgedFlow): boolean {
  return (['egress', 'ingress'] as const).some((direction) => {
    const subject = flow[direction === 'egress' ? 'source' : 'destination'];
    return (
      subject.kind === 'pod' && set.sectionsOf(subject)[direction].allows.some(({ entry }) => entry.l7 !== undefined)
    );
  });
}
