pub(crate) fn start() -> crate::Started {
    anyhow::bail!("core")
}
