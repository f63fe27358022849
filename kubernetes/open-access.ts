// Finds the way to the API server that a person meant.

import { existsSync } from 'node:fs';
import type { ApiAccess } from './api-access.ts';
import { inClusterAccess, isInCluster } from './in-cluster-access.ts';

/**
 * @param where "auto" (in a pod its service account, else the kubeconfig), "in-cluster", or the path of a kubeconfig
 * @param context of the kubeconfig; default: its current one
 * @throws Error in words when there is no such configuration or it cannot be used
 */
export async function openApiAccess(where: string, context?: string): Promise<ApiAccess> {
  if (where === 'in-cluster' || (where === 'auto' && context === undefined && isInCluster())) return inClusterAccess();
  if (where !== 'auto' && !existsSync(where))
    throw new Error(
      `${where} does not exist; give --kubernetes the path of a kubeconfig, "in-cluster", or nothing to find one.`,
    );
  // Loaded only here: with its 20,000 generated models the client takes 85 MB, which no pod of ours needs.
  const { kubeconfigAccess } = await import('./kubeconfig-access.ts');
  return kubeconfigAccess(where === 'auto' ? undefined : where, context);
}
