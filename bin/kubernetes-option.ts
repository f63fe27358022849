// The options --kubernetes and --kubernetes-context, as relay, exporter and doctor have them.

import type { ApiAccess } from '#kubernetes/api-access.ts';

export interface KubernetesOptions {
  /** True where the option is given without a value. */
  readonly kubernetes?: string | true;
  readonly kubernetesContext?: string;
}

/** Undefined where the option was not given. @throws Error in words when there is no way to an API server */
export async function kubernetesOf(options: KubernetesOptions): Promise<ApiAccess | undefined> {
  const { kubernetes, kubernetesContext } = options;
  if (kubernetes === undefined && kubernetesContext === undefined) return undefined;
  const { openApiAccess } = await import('#kubernetes/open-access.ts');
  return openApiAccess(kubernetes === undefined || kubernetes === true ? 'auto' : kubernetes, kubernetesContext);
}
