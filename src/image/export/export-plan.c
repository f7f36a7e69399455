/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/export/export-plan.h"
#include "shared/explain.h"

void export_plan_done(ExportPlan *plan)
{
        for (size_t i = 0; i < plan->n_layers; i++)
                export_layer_done(&plan->layers[i]);
        free(plan->layers);
        free(plan->text);
        oci_manifest_free(plan->manifest);
}

static int find_layers(ImageStore *store, Fetcher *fetcher, ExportPlan *plan, char **reterr_message)
{
        const Image *image = plan->image;
        int r, changed = 0;

        if (!store)
                return 0;
        if (plan->manifest->n_layers != image->n_layers)
                return explain(reterr_message, EBADMSG, "manifest and config list different layers");
        plan->layers = new0(ExportLayer, MAX(image->n_layers, (size_t) 1));
        if (!plan->layers)
                return -ENOMEM;
        for (; plan->n_layers < image->n_layers; plan->n_layers++) {
                ExportLayer *l = &plan->layers[plan->n_layers];

                r = export_layer_find(store, image, fetcher, &image->layers[plan->n_layers],
                                      &plan->manifest->layers[plan->n_layers], l, reterr_message);
                if (r < 0)
                        return explain_context(reterr_message, r, "layer %s",
                                               DIGEST_STRING(&plan->manifest->layers[plan->n_layers].digest));
                changed |= l->changed;
        }
        return changed;
}

static int adapt_manifest(ExportPlan *plan)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = oci_manifest_write(plan->manifest, &o);

        if (r >= 0)
                r = json_format_compact(o, &plan->text);
        return r < 0 ? r : digest_of_memory(DIGEST_SHA256, plan->text, strlen(plan->text), &plan->id);
}

int export_plan_make(ImageStore *store, Fetcher *fetcher, ExportPlan *plan, char **reterr_message)
{
        const Image *image = plan->image;
        _cleanup_json_error_ JsonError error = {};
        int r = oci_manifest_parse(image->manifest, image->manifest_size, &plan->manifest, &error);

        if (r < 0)
                return explain(reterr_message, r, "manifest: %s", json_error_message(&error, r));
        r = find_layers(store, fetcher, plan, reterr_message);
        if (r < 0)
                return r;
        if (r > 0) {
                r = adapt_manifest(plan);
                return r < 0 ? r : 1;
        }
        plan->id = image->id;
        plan->text = strndup(image->manifest, image->manifest_size);
        return plan->text ? 0 : -ENOMEM;
}
