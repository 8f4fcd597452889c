/** Reads the calls of tools out of what a model writes, in the formats of Qwen and Hermes: `<tool_call>` around XML or JSON. */
import * as z from 'zod/mini';
import type { Tool, ToolCall } from '../../shared/contract/control.ts';
import { begun } from './stops.ts';

const open = '<tool_call>';
const close = '</tool_call>';

export type CallOrText = { type: 'text'; text: string } | { type: 'toolCall'; call: ToolCall };

/** Feeds on the text of an answer. What is in the tags but is no call stays text. */
export function createToolReader(tools: Tool[]): { push(text: string): CallOrText[]; end(): CallOrText[] } {
  let pending = '';
  let inside = false;
  let calls = 0;
  /** Blank space that may only part the text from a call. */
  let blank = '';

  const say = (text: string): CallOrText[] => {
    const whole = blank + text;
    const said = whole.trimEnd();
    blank = whole.slice(said.length);
    return said === '' ? [] : [{ type: 'text', text: said }];
  };

  const push = (text: string): CallOrText[] => {
    pending += text;
    const said: CallOrText[] = [];
    for (;;) {
      const at = pending.indexOf(inside ? close : open);
      if (at < 0) break;
      const before = pending.slice(0, at);
      pending = pending.slice(at + (inside ? close : open).length);
      if (!inside) said.push(...say(before));
      else {
        const call = readCall(before, tools);
        if (call) {
          said.push({ type: 'toolCall', call: { id: `call-${calls++}`, ...call } });
          blank = '';
        } else said.push(...say(open + before + close));
      }
      inside = !inside;
    }
    if (!inside) {
      const sure = pending.slice(0, pending.length - begun(pending, open));
      pending = pending.slice(sure.length);
      said.push(...say(sure));
    }
    return said;
  };

  return {
    push,
    /** A call that was cut off is none. */
    end: () => (inside ? [] : say(pending)),
  };
}

const json = z.object({ name: z.string(), arguments: z.optional(z.record(z.string(), z.unknown())) });

function readCall(text: string, tools: Tool[]): Omit<ToolCall, 'id'> | undefined {
  const named = /^\s*<function=([^>]+)>([\s\S]*?)(?:<\/function>)?\s*$/.exec(text);
  if (named) {
    const [, name = '', body = ''] = named;
    const tool = tools.find((tool) => tool.name === name);
    const given = [...body.matchAll(/<parameter=([^>]+)>\n?([\s\S]*?)\n?<\/parameter>/g)].map(([, key = '', value = '']) => [key, readValue(value, key, tool)]);
    return { name, arguments: JSON.stringify(Object.fromEntries(given)) };
  }
  const parsed = json.safeParse(parse(text));
  return parsed.success ? { name: parsed.data.name, arguments: JSON.stringify(parsed.data.arguments ?? {}) } : undefined;
}

/** A value as it is written between tags: text where the schema says so, else JSON where it is some. */
function readValue(value: string, key: string, tool: Tool | undefined): unknown {
  const properties = z.safeParse(z.record(z.string(), z.object({ type: z.optional(z.unknown()) })), tool?.parameters.properties);
  if (properties.success && properties.data[key]?.type === 'string') return value;
  return parse(value) ?? value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
