/** A contract is a value: calls and streams with their schemas, from which clients, servers and tests derive. */
import type * as z from 'zod/mini';

export type Schema<T = unknown> = z.ZodMiniType<T>;

export interface Call<I, O> {
  kind: 'call';
  input: Schema<I>;
  output: Schema<O>;
}

export interface Stream<I, E> {
  kind: 'stream';
  input: Schema<I>;
  event: Schema<E>;
}

// biome-ignore lint/suspicious/noExplicitAny: a contract holds calls of every shape; Input and Output give the types back.
export type Contract = Record<string, Call<any, any> | Stream<any, any>>;

/** A question with one answer. The input is parsed on arrival; the output schema is there for its type. */
export const call = <I, O>(input: Schema<I>, output: Schema<O>): Call<I, O> => ({ kind: 'call', input, output });

/** A subscription: events until either side ends it. */
export const stream = <I, E>(input: Schema<I>, event: Schema<E>): Stream<I, E> => ({ kind: 'stream', input, event });

// biome-ignore lint/suspicious/noExplicitAny: matches calls of every shape.
type AnyCall = Call<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: matches streams of every shape.
type AnyStream = Stream<any, any>;

export type CallName<C> = { [K in keyof C]: C[K] extends AnyCall ? K : never }[keyof C] & string;
export type StreamName<C> = { [K in keyof C]: C[K] extends AnyStream ? K : never }[keyof C] & string;
export type Input<D> = D extends { input: Schema<infer I> } ? I : never;
export type Output<D> = D extends { output: Schema<infer O> } ? O : D extends { event: Schema<infer E> } ? E : never;

export interface Context {
  /** Aborts when the caller cancels or its connection is gone. */
  signal: AbortSignal;
}

export type Handlers<C extends Contract> = {
  [K in keyof C]: C[K] extends AnyCall
    ? (input: Input<C[K]>, context: Context) => Output<C[K]> | Promise<Output<C[K]>>
    : (input: Input<C[K]>, context: Context) => AsyncIterable<Output<C[K]>>;
};
