/**
 * One mend of the Channel Access server library, which must stand in the library's own package.
 *
 * <p>See {@link com.cosylab.epics.caj.cas.CountZeroFix}. Imports nothing of ours.
 */
package com.cosylab.epics.caj.cas;
