/** Documents as they come, one a line. @param onEnd called when all are sent, or the reader has gone */
export function linesOf(
  documents: AsyncGenerator<unknown, void, undefined>,
  onEnd: () => void = () => {},
): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await documents.next();
          if (done === true) {
            onEnd();
            controller.close();
          } else controller.enqueue(Buffer.from(`${JSON.stringify(value)}\n`));
        } catch (error) {
          onEnd();
          controller.error(error);
        }
      },
      cancel() {
        onEnd();
        void documents.return().catch(() => {});
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
