// Folds and embeds every FASTA file of a folder:
//
//     nextflow run examples/pipelines/rinalmo.nf --input examples --output results
//
// Other parameters: --model giga-structure-bprna --encoder giga. The processes can be included in other workflows.

params.input = 'examples'
params.output = 'results'
params.model = 'nano'
params.encoder = 'nano-mlm'

// rinalmo ends with exit code 1 if a record failed, and Nextflow then drops the results of the others. With
// --allow-failures such records are only reported, here in the log.
process RINALMO_FOLD {
    tag "${sample}"
    cpus 2
    publishDir params.output, mode: 'copy'

    input:
    tuple val(sample), path(fasta)

    output:
    tuple val(sample), path("${sample}.dbn"), emit: structures
    path "${sample}.fold.txt", emit: log

    script:
    """
    rinalmo fold --threads ${task.cpus} --model ${params.model} --allow-failures ${fasta} -o ${sample}.dbn 2> ${sample}.fold.txt
    """
}

process RINALMO_EMBED {
    tag "${sample}"
    cpus 2
    publishDir params.output, mode: 'copy'

    input:
    tuple val(sample), path(fasta)

    output:
    tuple val(sample), path("${sample}.npz"), emit: vectors
    path "${sample}.embed.txt", emit: log

    script:
    """
    rinalmo embed --threads ${task.cpus} --model ${params.encoder} --include mean --allow-failures ${fasta} -o ${sample}.npz 2> ${sample}.embed.txt
    """
}

workflow {
    samples = Channel.fromPath("${params.input}/*.fa").map { file -> tuple(file.baseName, file) }
    RINALMO_FOLD(samples)
    RINALMO_EMBED(samples)
}
