import {
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type PrimitiveValueListNode,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
  type ValueNode,
} from 'kysely';

/**
 * Makes every text that goes to the state one that both databases take. PostgreSQL refuses U+0000 in a text, which a
 * hostile host or account name may well hold; half a surrogate pair would come back changed. Both become U+FFFD.
 */
export class CleanText implements KyselyPlugin {
  readonly #transformer = new Transformer();

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node);
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}

class Transformer extends OperationNodeTransformer {
  protected override transformValue(node: ValueNode): ValueNode {
    return { ...node, value: cleanText(node.value) };
  }

  protected override transformPrimitiveValueList(node: PrimitiveValueListNode): PrimitiveValueListNode {
    return { ...node, values: node.values.map(cleanText) };
  }
}

export function cleanText<Value>(value: Value): Value {
  if (typeof value !== 'string') return value;
  const whole = value.isWellFormed() ? value : value.toWellFormed();
  return (whole.includes('\0') ? whole.replaceAll('\0', '\uFFFD') : whole) as Value;
}
